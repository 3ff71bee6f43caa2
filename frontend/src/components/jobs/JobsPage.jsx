// @ts-check
import '../../mantine-more.css';
import { SegmentedControl, Stack, Title } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { jobsQuery } from '../../api/queries/jobs.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { JobRow } from './JobRow.jsx';

const STATES = ['all', 'running', 'succeeded', 'failed', 'cancelled'];

export function JobsPage() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const state = params.get('state') ?? 'all';
  const jobs = useQuery(jobsQuery());
  return (
    <Stack className="dd-page" gap="md">
      <title>{`${t('jobs.title')} · ddoc`}</title>
      <Title order={1}>{t('jobs.title')}</Title>
      <SegmentedControl
        aria-label={t('jobs.filter')}
        w="fit-content"
        value={state}
        onChange={(value) => setParams(value === 'all' ? {} : { state: value }, { replace: true })}
        data={STATES.map((value) => ({ value, label: t(`jobs.states.${value}`) }))}
      />
      <QueryState query={jobs}>
        {({ items }) => {
          const shown = items.filter((job) => matches(job, state));
          if (shown.length === 0) {
            return (
              <EmptyState icon={IconActivity} title={t('jobs.none')} text={t('jobs.noneText')} />
            );
          }
          return (
            <Stack gap="sm">
              {shown.map((job) => (
                <JobRow key={job.job_id} job={job} />
              ))}
            </Stack>
          );
        }}
      </QueryState>
    </Stack>
  );
}

/** Waiting counts as running: a person asks what is not over yet. @param {import('../../api/model.d.ts').Job} job @param {string} state */
function matches(job, state) {
  if (state === 'all') return true;
  return (job.state === 'queued' ? 'running' : job.state) === state;
}
