// @ts-check
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { useSampleWorkspace } from '../../api/queries/sampling.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/**
 * A workspace of its own for the sample; this one stays as it is.
 * @param {{
 *   workspaceId: string, sample: import('../../api/queries/types.d.ts').Sample, onClose: () => void,
 * }} props
 */
export function NewWorkspaceForm({ workspaceId, sample, onClose }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const create = useSampleWorkspace(workspaceId);
  const onDone = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      if (job.state !== 'succeeded') return;
      const made = /** @type {import('../../api/model.d.ts').Workspace} */ (job.result);
      navigate(`/w/${made.workspace_id}/data`);
    },
    [navigate],
  );
  const job = useJob(jobId, onDone);
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    create.mutate(
      { sampleId: sample.sample_id, name: name.trim() },
      { onSuccess: (started) => setJobId(started.job_id) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t('sampling.apply.newText')}</Text>
        <TextInput
          label={t('workspaces.name')}
          value={name}
          maxLength={200}
          required
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        {create.error ? <ProblemAlert error={create.error} /> : null}
        {job ? <JobProgress job={job} /> : null}
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" disabled={!name.trim() || isActive(job)} loading={create.isPending}>
            {t('workspaces.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
