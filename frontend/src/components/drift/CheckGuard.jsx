// @ts-check
import { Button, Group, Select, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { datasetsQuery } from '../../api/queries/datasets.js';
import { useCheckGuard } from '../../api/queries/guards.js';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { formatCount } from '../../lib/format.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/** Checks a dataset against a guard, then opens the report of it. @param {{ guard: import('../../api/model.d.ts').Guard }} props */
export function CheckGuard({ guard }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const datasets = useQuery(datasetsQuery()).data?.items ?? [];
  const [target, setTarget] = useState(/** @type {string | null} */ (null));
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const check = useCheckGuard(guard.guard_id);
  const done = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      const result = /** @type {{report_id: string} | null} */ (job.result);
      if (job.state === 'succeeded' && result) navigate(`/drift/${result.report_id}`);
    },
    [navigate],
  );
  const job = useJob(jobId, done);
  return (
    <Stack gap={6}>
      <Group gap="xs" wrap="nowrap">
        <Select
          size="xs"
          flex={1}
          miw={140}
          aria-label={t('guards.target', { name: guard.name })}
          placeholder={t('drift.pickDataset')}
          data={datasets.map((dataset) => ({
            value: dataset.dataset_id,
            label: `${dataset.name} · ${formatCount(dataset.items)}`,
          }))}
          value={target}
          onChange={setTarget}
          searchable
          nothingFoundMessage={t('common.nothingFound')}
        />
        <Button
          size="xs"
          variant="default"
          disabled={!target || isActive(job)}
          loading={check.isPending}
          onClick={() =>
            target && check.mutate(target, { onSuccess: (started) => setJobId(started.job_id) })
          }
        >
          {t('guards.checkNow')}
        </Button>
      </Group>
      {check.error ? <ProblemAlert error={check.error} /> : null}
      {job && job.state !== 'succeeded' ? <JobProgress job={job} /> : null}
    </Stack>
  );
}
