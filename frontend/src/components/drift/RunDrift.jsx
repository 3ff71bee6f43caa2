// @ts-check
import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlayerPlay } from '@tabler/icons-react';
import { lazy, Suspense, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useRunDrift } from '../../api/queries/drift.js';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

const DriftOptions = lazy(() => import('./DriftOptions.jsx'));

/**
 * @param {object} props
 * @param {string | null} props.base
 * @param {string | null} props.target
 * @param {string | null} props.jobId
 * @param {(id: string | null) => void} props.onJob
 */
export function RunDrift({ base, target, jobId, onJob }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const run = useRunDrift();
  const [advanced, { toggle }] = useDisclosure(false);
  const [options, setOptions] = useState({ alpha: 0.05, seed: 0 });
  const done = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      const report = /** @type {import('../../api/model.d.ts').DriftReport | null} */ (job.result);
      if (job.state === 'succeeded' && report) navigate(`/drift/${report.report_id}`);
    },
    [navigate],
  );
  const job = useJob(jobId, done);
  const ready = base !== null && target !== null;
  const start = () => {
    if (!ready) return;
    run.mutate(
      { base_dataset_id: base, target_dataset_id: target, ...options },
      { onSuccess: (started) => onJob(started.job_id) },
    );
  };
  return (
    <Stack gap="sm">
      <Group gap="md">
        <Button
          size="md"
          leftSection={<IconPlayerPlay size={18} aria-hidden />}
          disabled={!ready || isActive(job)}
          loading={run.isPending}
          onClick={start}
        >
          {t('drift.run')}
        </Button>
        {ready ? (
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={toggle}
            aria-expanded={advanced}
          >
            {t('drift.options')}
          </Anchor>
        ) : (
          <Text size="sm" c="dimmed">
            {t('drift.pickBoth')}
          </Text>
        )}
      </Group>
      {advanced && ready ? (
        <Suspense fallback={null}>
          <DriftOptions options={options} onChange={setOptions} />
        </Suspense>
      ) : null}
      {run.error ? <ProblemAlert error={run.error} onRetry={start} /> : null}
      {job && job.state !== 'succeeded' ? (
        <div className="dd-panel">
          <JobProgress job={job} onRetry={ready ? start : undefined} />
        </div>
      ) : null}
    </Stack>
  );
}
