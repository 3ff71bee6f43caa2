// @ts-check
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../api/problems.js';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { useCreateSnapshot } from '../../api/queries/snapshots.js';
import { formatCount } from '../../lib/format.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { toast } from '../common/toasts.jsx';

/** An alias is an id in an address, and `working` and `v3` mean something else there. */
const ALIAS = /^(?!v\d+$|working$)[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/**
 * Keeps the data and code as they are, with the reason why.
 * @param {{
 *   workspaceId: string, changes: {added: number, removed: number, modified: number} | undefined,
 * }} props `changes` is unknown while every file is being looked at
 */
export function CreateSnapshot({ workspaceId, changes }) {
  const { t } = useTranslation();
  const [message, setMessage] = useState('');
  const [alias, setAlias] = useState('');
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const create = useCreateSnapshot(workspaceId);
  const onDone = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      if (job.state !== 'succeeded') return;
      const { snapshot_id: id } = /** @type {import('../../api/queries/types.d.ts').Snapshot} */ (
        job.result
      );
      toast(t('snapshots.created', { id }));
      setMessage('');
      setAlias('');
      setJobId(null);
    },
    [t],
  );
  const job = useJob(jobId, onDone);
  const dirty = changes !== undefined && changes.added + changes.removed + changes.modified > 0;
  const wrongAlias = alias !== '' && !ALIAS.test(alias);
  const ready = message.trim() !== '' && !wrongAlias;
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!ready) return;
    create.mutate(
      {
        message: message.trim(),
        alias: alias || null,
        allow_empty: changes !== undefined && !dirty,
      },
      { onSuccess: (started) => setJobId(started.job_id) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Text size="sm" data-testid="unsaved">
          {changes ? stateOf(t, changes) : t('shell.checking')}
        </Text>
        <TextInput
          label={t('snapshots.message')}
          placeholder={t('snapshots.messageHint')}
          value={message}
          maxLength={2000}
          onChange={(event) => setMessage(event.currentTarget.value)}
          error={fieldError(create.error, 'message')}
        />
        <Group align="start" gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            label={t('snapshots.alias')}
            placeholder={t('snapshots.aliasHint')}
            value={alias}
            onChange={(event) => setAlias(event.currentTarget.value.trim())}
            error={wrongAlias ? t('snapshots.aliasWrong') : fieldError(create.error, 'alias')}
          />
          <Button
            mt={25}
            type="submit"
            variant={dirty ? 'filled' : 'default'}
            leftSection={<IconCamera size={16} aria-hidden />}
            disabled={!ready || isActive(job)}
            loading={create.isPending}
          >
            {t(dirty || !changes ? 'snapshots.create' : 'snapshots.createEmpty')}
          </Button>
        </Group>
        {create.error ? <ProblemAlert error={create.error} /> : null}
        {job ? <JobProgress job={job} /> : null}
      </Stack>
    </form>
  );
}

/**
 * @param {import('i18next').TFunction} t
 * @param {{added: number, removed: number, modified: number}} changes
 */
function stateOf(t, { added, removed, modified }) {
  if (added + removed + modified === 0) return t('snapshots.clean');
  return t('snapshots.unsaved', {
    added: formatCount(added),
    removed: formatCount(removed),
    modified: formatCount(modified),
  });
}
