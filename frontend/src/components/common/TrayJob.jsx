// @ts-check
import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { isActive } from '../../api/queries/jobs.js';
import { formatAgo } from '../../lib/format.js';
import { linkOfJob, subjectOfJob } from '../../lib/jobLinks.js';
import { JobProgress } from './JobProgress.jsx';

/** One job in the tray: its progress while it runs, the way to its result after. @param {{ job: import('../../api/model.d.ts').Job, onOpen: () => void }} props */
export function TrayJob({ job, onOpen }) {
  const { t } = useTranslation();
  const subject = subjectOfJob(job);
  const link = job.state === 'succeeded' ? linkOfJob(job) : null;
  return (
    <Stack gap={2}>
      <JobProgress job={job} />
      <Group gap="xs" fz="xs" c="dimmed">
        {link ? (
          <Anchor component={Link} to={link} size="xs" onClick={onOpen}>
            {subject ?? t('jobs.open')}
          </Anchor>
        ) : (
          <Text inherit>{subject}</Text>
        )}
        {isActive(job) ? null : <Text inherit>{formatAgo(job.ended_at ?? job.created_at)}</Text>}
      </Group>
    </Stack>
  );
}
