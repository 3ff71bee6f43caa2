// @ts-check
import { Anchor, Button, Group, Stack, Table, Tabs, Text, Title } from '@mantine/core';
import { IconExternalLink, IconPlayerStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { isRunning, logUrl, runQuery, useStopRun } from '../../api/queries/experiments.js';
import { formatBytes, formatNumber } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';
import { toastProblem } from '../common/toasts.jsx';
import { LogView } from './LogView.jsx';
import { MetricChart } from './MetricChart.jsx';
import classes from './RunDetails.module.css';
import { RunStateBadge } from './RunStateBadge.jsx';

/** @typedef {import('../../api/queries/types.d.ts').RunDetail} RunDetail */
/**
 * One run: state, curves, log, artifacts, and what it ran with.
 * @param {{workspaceId: string, runId: string}} props
 */
export function RunDetails({ workspaceId, runId }) {
  const query = useQuery(runQuery(workspaceId, runId));
  return (
    <QueryState query={query} height={320}>
      {(run) => (
        <Stack gap="sm">
          <RunHead workspaceId={workspaceId} run={run} />
          <RunTabs workspaceId={workspaceId} run={run} />
        </Stack>
      )}
    </QueryState>
  );
}

/** @param {{workspaceId: string, run: RunDetail}} props */
function RunHead({ workspaceId, run }) {
  const { t } = useTranslation();
  const stop = useStopRun(workspaceId);
  const detail = typeof run.exit?.detail === 'string' ? run.exit.detail : '';
  return (
    <Group justify="space-between" align="start">
      <div>
        <Group gap="xs">
          <Title order={2} size="h3">
            {run.name}
          </Title>
          <RunStateBadge state={run.state} />
        </Group>
        <Text size="xs" c="dimmed">
          {run.trainer} ·{' '}
          <Anchor
            component={Link}
            size="xs"
            underline="always"
            to={`/w/${workspaceId}/snapshots?snapshot=${encodeURIComponent(run.snapshot_id)}`}
          >
            {run.snapshot_id}
          </Anchor>
          {detail ? ` · ${detail}` : ''}
        </Text>
      </div>
      <Group gap="xs">
        {isRunning(run) ? (
          <Button
            size="compact-sm"
            color="red"
            variant="light"
            leftSection={<IconPlayerStop size={16} aria-hidden />}
            loading={stop.isPending}
            onClick={() => stop.mutate(run.experiment_id, { onError: toastProblem })}
          >
            {t('experiments.stop')}
          </Button>
        ) : null}
        {run.mlflow_url ? (
          <Button
            size="compact-sm"
            variant="default"
            component="a"
            href={run.mlflow_url}
            target="_blank"
            rel="noreferrer"
            rightSection={<IconExternalLink size={14} aria-hidden />}
          >
            MLflow
          </Button>
        ) : null}
      </Group>
    </Group>
  );
}

/** @param {{workspaceId: string, run: RunDetail}} props */
function RunTabs({ workspaceId, run }) {
  const { t } = useTranslation();
  const histories = Object.entries(run.histories).filter(([name]) => !name.startsWith('system/'));
  const curves = histories.filter(([, points]) => points.length > 1);
  const figures = histories.filter(([, points]) => points.length === 1);
  return (
    <Tabs defaultValue="curves" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="curves">{t('experiments.tabs.curves')}</Tabs.Tab>
        <Tabs.Tab value="log">{t('experiments.tabs.log')}</Tabs.Tab>
        <Tabs.Tab value="artifacts">
          {t('experiments.tabs.artifacts', { count: run.artifacts.length })}
        </Tabs.Tab>
        <Tabs.Tab value="details">{t('experiments.tabs.details')}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="curves" pt="sm">
        {histories.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t(isRunning(run) ? 'experiments.noMetricsYet' : 'experiments.noMetrics')}
          </Text>
        ) : null}
        {figures.length > 0 ? (
          <dl className={classes.figures}>
            {figures.map(([name, [point]]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{formatNumber(point?.value)}</dd>
              </div>
            ))}
          </dl>
        ) : null}
        <div className={classes.curves}>
          {curves.map(([name, points]) => (
            <MetricChart key={name} title={name} series={[{ name: run.name, points }]} />
          ))}
        </div>
      </Tabs.Panel>
      <Tabs.Panel value="log" pt="sm">
        <LogView url={logUrl(workspaceId, run.experiment_id)} />
      </Tabs.Panel>
      <Tabs.Panel value="artifacts" pt="sm">
        {run.artifacts.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('experiments.noArtifacts')}
          </Text>
        ) : (
          <Table fz="sm" verticalSpacing={4}>
            <Table.Tbody>
              {run.artifacts.map(({ path, bytes }) => (
                <Table.Tr key={path}>
                  <Table.Td ff="monospace">{path}</Table.Td>
                  <Table.Td ta="end" className="dd-num">
                    {formatBytes(bytes)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Tabs.Panel>
      <Tabs.Panel value="details" pt="sm">
        <Stack gap="md">
          <Facts title={t('experiments.params')} facts={run.params} />
          <Facts title={t('experiments.isolation')} facts={run.isolation} />
          {run.exit ? <Facts title={t('experiments.exit')} facts={run.exit} /> : null}
          <Facts
            title={t('experiments.versions')}
            facts={{ data: run.data_hash, code: run.code_hash, run: run.experiment_id }}
          />
        </Stack>
      </Tabs.Panel>
    </Tabs>
  );
}

/** @param {{title: string, facts: Record<string, unknown>}} props */
function Facts({ title, facts }) {
  const rows = Object.entries(facts);
  if (rows.length === 0) return null;
  return (
    <Table fz="xs" verticalSpacing={4} captionSide="top" maw={640}>
      <Table.Caption ta="start">{title}</Table.Caption>
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400} w="40%">
              {name}
            </Table.Th>
            <Table.Td ff="monospace">
              {typeof value === 'object' ? JSON.stringify(value) : String(value)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
