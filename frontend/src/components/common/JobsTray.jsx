// @ts-check
import { Anchor, Button, Indicator, Popover, ScrollArea, Stack, Text, Title } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { isActive, jobsQuery } from '../../api/queries/jobs.js';
import { TrayJob } from './TrayJob.jsx';

const SHOWN_FINISHED = 5;

/**
 * Long work in the header: how much is running, and each with its progress. It comes from the
 * service, so it is the same after a reload.
 * @param {{ connection: import('../../api/events.js').Connection }} props
 */
export function JobsTray({ connection }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const { data } = useQuery(jobsQuery());
  const jobs = data?.items ?? [];
  const running = jobs.filter(isActive);
  const finished = jobs.filter((job) => !isActive(job)).slice(0, SHOWN_FINISHED);
  return (
    <Indicator
      disabled={running.length === 0}
      label={running.length}
      size={16}
      offset={4}
      processing
      color="iris"
    >
      <Popover
        opened={opened}
        onChange={setOpened}
        width={400}
        position="bottom-end"
        shadow="md"
        trapFocus
      >
        <Popover.Target>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            c="var(--dd-text)"
            leftSection={<IconActivity size={18} aria-hidden />}
            onClick={() => setOpened((o) => !o)}
            aria-label={t('jobs.tray', { count: running.length })}
          >
            {t('shell.jobs')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p="md">
          <Stack gap="sm">
            <Title order={2} size="h4">
              {t('shell.jobs')}
            </Title>
            {connection === 'polling' ? (
              <Text size="xs" c="dimmed" role="status">
                {t('jobs.polling')}
              </Text>
            ) : null}
            {jobs.length === 0 ? (
              <Text size="sm" c="dimmed">
                {t('jobs.none')}
              </Text>
            ) : null}
            <ScrollArea.Autosize mah="60vh" offsetScrollbars>
              <Stack gap="md">
                {[...running, ...finished].map((job) => (
                  <TrayJob key={job.job_id} job={job} onOpen={() => setOpened(false)} />
                ))}
              </Stack>
            </ScrollArea.Autosize>
            <Anchor component={Link} to="/jobs" size="sm" onClick={() => setOpened(false)}>
              {t('jobs.all')}
            </Anchor>
          </Stack>
        </Popover.Dropdown>
      </Popover>
    </Indicator>
  );
}
