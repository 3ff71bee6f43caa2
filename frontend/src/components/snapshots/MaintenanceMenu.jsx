// @ts-check
import { Button, Menu, Stack } from '@mantine/core';
import {
  IconCloudDownload,
  IconCloudUpload,
  IconRecycle,
  IconShieldCheck,
  IconTool,
} from '@tabler/icons-react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { useMaintain } from '../../api/queries/snapshots.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { toast, toastProblem } from '../common/toasts.jsx';

/** @typedef {import('../../api/queries/snapshots.js').Maintenance} Maintenance */
/** @type {[Maintenance, typeof IconTool][]} */
const TASKS = [
  ['verify', IconShieldCheck],
  ['repair', IconTool],
  ['gc', IconRecycle],
  ['push', IconCloudUpload],
  ['pull', IconCloudDownload],
];

/** Care for the stored versions: verify, repair, free space, share. @param {{workspaceId: string}} props */
export function MaintenanceMenu({ workspaceId }) {
  const { t } = useTranslation();
  const [running, setRunning] = useState(
    /** @type {{what: Maintenance, jobId: string} | null} */ (null),
  );
  const maintain = useMaintain(workspaceId);
  const onDone = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      if (job.state !== 'succeeded') return;
      toast(outcome(job, t));
      setRunning(null);
    },
    [t],
  );
  const job = useJob(running?.jobId, onDone);
  return (
    <Stack gap="xs">
      <Menu shadow="md" position="bottom-end">
        <Menu.Target>
          <Button
            size="compact-sm"
            variant="default"
            loading={maintain.isPending || isActive(job)}
            ms="auto"
          >
            {t('snapshots.care.title')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {TASKS.map(([what, Icon]) => (
            <Menu.Item
              key={what}
              leftSection={<Icon size={16} aria-hidden />}
              onClick={() =>
                maintain.mutate(what, {
                  onSuccess: ({ job_id: jobId }) => setRunning({ what, jobId }),
                  onError: toastProblem,
                })
              }
            >
              {t(`snapshots.care.${what}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {job && running ? (
        <JobProgress job={job} label={t(`snapshots.care.${running.what}`)} />
      ) : null}
    </Stack>
  );
}

/**
 * What a finished job found, in the numbers that it reports.
 * @param {import('../../api/model.d.ts').Job} job
 * @param {import('i18next').TFunction} t
 */
function outcome(job, t) {
  const result = /** @type {Record<string, unknown>} */ (job.result ?? {});
  const figures = Object.entries(result).flatMap(([name, value]) => {
    const figure = Array.isArray(value) ? value.length : value;
    return typeof figure === 'number'
      ? [`${t(`snapshots.care.figures.${name}`, { defaultValue: name })} ${figure}`]
      : [];
  });
  return [t('snapshots.care.done'), ...figures].join(' · ');
}
