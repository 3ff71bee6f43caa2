// @ts-check
import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { restoreEffectQuery, useRestore } from '../../api/queries/snapshots.js';
import { formatCount } from '../../lib/format.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { toast } from '../common/toasts.jsx';

/**
 * Shows what a restore does to the files before it does it. Unsaved changes are kept as a snapshot unless one says no.
 * @param {{workspaceId: string, snapshotId: string, unsaved: number, onClose: () => void}} props
 */
export function RestoreDialog({ workspaceId, snapshotId, unsaved, onClose }) {
  const { t } = useTranslation();
  const [discard, setDiscard] = useState(false);
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const restore = useRestore(workspaceId);
  const effect = useQuery(restoreEffectQuery(workspaceId, snapshotId));
  const onDone = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      if (job.state !== 'succeeded') return;
      const result = /** @type {import('../../api/queries/types.d.ts').Restored} */ (job.result);
      const saved = result.saved_as
        ? ` ${t('snapshots.restore.savedAs', { id: result.saved_as })}`
        : '';
      toast(`${t('snapshots.restore.done', { id: snapshotId })}${saved}`);
      onClose();
    },
    [t, snapshotId, onClose],
  );
  const job = useJob(jobId, onDone);
  const busy = restore.isPending || isActive(job);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('snapshots.restore.title', { id: snapshotId })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="sm">
        <QueryState query={effect} height={60}>
          {(result) =>
            result ? (
              <RestoreEffectText effect={result} />
            ) : (
              <Text size="sm">{t('snapshots.restore.slow')}</Text>
            )
          }
        </QueryState>
        {unsaved > 0 ? (
          <>
            <Text size="sm">
              {t('snapshots.restore.unsaved', { count: unsaved, n: formatCount(unsaved) })}
            </Text>
            <Checkbox
              checked={discard}
              onChange={(event) => setDiscard(event.currentTarget.checked)}
              label={t('snapshots.restore.discard')}
              color="red"
            />
          </>
        ) : null}
        {restore.error ? <ProblemAlert error={restore.error} /> : null}
        {job ? <JobProgress job={job} /> : null}
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t(busy ? 'common.close' : 'common.cancel')}
          </Button>
          <Button
            color={discard && unsaved > 0 ? 'red' : undefined}
            loading={busy}
            disabled={effect.isPending || (effect.data?.missing.length ?? 0) > 0}
            onClick={() =>
              restore.mutate(
                { snapshotId, discardChanges: discard && unsaved > 0 },
                { onSuccess: (started) => setJobId(started.job_id) },
              )
            }
          >
            {t('snapshots.restore.do')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** @param {{effect: import('../../api/queries/types.d.ts').RestoreEffect}} props */
function RestoreEffectText({ effect: { files, items, missing } }) {
  const { t } = useTranslation();
  if (missing.length > 0) {
    return (
      <Text size="sm" c="var(--dd-bad)" role="alert">
        {t('snapshots.restore.missing', { count: missing.length, n: formatCount(missing.length) })}
      </Text>
    );
  }
  return (
    <div role="status" data-testid="restore-effect">
      <Text size="sm">
        {t('snapshots.restore.items', {
          added: formatCount(items.added ?? 0),
          removed: formatCount(items.removed ?? 0),
          modified: formatCount((items.modified ?? 0) + (items.relabelled ?? 0)),
        })}
      </Text>
      <Text size="xs" c="dimmed">
        {t('snapshots.restore.effect', {
          written: formatCount(files.written),
          removed: formatCount(files.removed),
          unchanged: formatCount(files.unchanged),
        })}
      </Text>
    </div>
  );
}
