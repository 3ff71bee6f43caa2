// @ts-check
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { errorOfJob } from '../../api/problems.js';
import { isActive, useCancelJob } from '../../api/queries/jobs.js';
import { formatCount, formatDuration, formatNumber } from '../../lib/format.js';
import { ProblemAlert } from './ProblemAlert.jsx';

/** @typedef {import('../../api/model.d.ts').Job} Job */

/**
 * A job as it goes: phase, done of total, rate, time left, cancel; its problem when it failed.
 * @param {{ job: Job, label?: string, onRetry?: () => void }} props
 */
export function JobProgress({ job, label, onRetry }) {
  const { t } = useTranslation();
  const cancel = useCancelJob();
  if (job.state === 'failed') return <ProblemAlert error={errorOfJob(job)} onRetry={onRetry} />;
  const name = label ?? t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind });
  const { progress } = job;
  const share = progress.total ? Math.min(1, progress.done / progress.total) : null;
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {name}
          <Text span c="dimmed" size="sm">
            {' · '}
            {isActive(job) && progress.message
              ? t(`jobs.phases.${progress.message}`, { defaultValue: progress.message })
              : t(`jobs.states.${job.state}`)}
          </Text>
        </Text>
        {isActive(job) ? (
          <Button
            size="compact-sm"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(job.job_id)}
          >
            {t('common.cancel')}
          </Button>
        ) : null}
      </Group>
      {isActive(job) ? (
        <Progress
          value={share === null ? 100 : share * 100}
          striped={share === null}
          animated={share === null}
          aria-label={name}
        />
      ) : null}
      {isActive(job) && (progress.done > 0 || progress.total) ? (
        <ProgressFigures progress={progress} />
      ) : null}
      {cancel.error ? <ProblemAlert error={cancel.error} /> : null}
    </Stack>
  );
}

/** @param {{ progress: NonNullable<Job['progress']> }} props */
function ProgressFigures({ progress }) {
  const { t } = useTranslation();
  const { done, total, unit, rate, eta } = progress;
  const units = t(`jobs.units.${unit}`, { defaultValue: unit });
  const parts = [
    total
      ? `${formatCount(done)} / ${formatCount(total)} ${units}`
      : `${formatCount(done)} ${units}`,
    rate ? t('jobs.rate', { rate: formatNumber(rate) }) : null,
    eta !== null && eta !== undefined ? t('jobs.left', { time: formatDuration(eta) }) : null,
  ];
  return (
    <Text size="xs" c="dimmed" className="dd-num">
      {parts.filter(Boolean).join(' · ')}
    </Text>
  );
}
