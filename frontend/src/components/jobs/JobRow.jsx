// @ts-check
import { Anchor, Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { formatAgo, formatDate, formatDuration } from '../../lib/format.js';
import { linkOfJob, subjectOfJob } from '../../lib/jobLinks.js';
import { JobProgress } from '../common/JobProgress.jsx';

/** @param {{ job: import('../../api/model.d.ts').Job }} props */
export function JobRow({ job }) {
  const { t } = useTranslation();
  const link = linkOfJob(job);
  const kind = t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind });
  const subject = subjectOfJob(job);
  return (
    <Stack component="article" className="dd-panel" gap="xs">
      <JobProgress job={job} label={subject ? `${kind} – ${subject}` : kind} />
      <Group gap="md" fz="xs" c="dimmed">
        <Text inherit title={formatDate(job.created_at)}>
          {formatAgo(job.created_at)}
        </Text>
        {job.started_at && job.ended_at ? (
          <Text inherit className="dd-num">
            {t('jobs.took', {
              time: formatDuration((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000),
            })}
          </Text>
        ) : null}
        {job.attempt > 1 ? <Text inherit>{t('jobs.attempt', { n: job.attempt })}</Text> : null}
        <Code>{job.job_id}</Code>
        {link ? (
          <Anchor component={Link} to={link} size="sm">
            {t('jobs.open')}
          </Anchor>
        ) : null}
      </Group>
    </Stack>
  );
}
