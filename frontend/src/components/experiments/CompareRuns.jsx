// @ts-check
import { Anchor, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { comparisonQuery, runQuery } from '../../api/queries/experiments.js';
import { formatNumber } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';
import { DiffView } from '../snapshots/DiffView.jsx';
import { MetricChart } from './MetricChart.jsx';
import classes from './RunDetails.module.css';

/** @typedef {import('../../api/queries/types.d.ts').Comparison} Comparison */
/**
 * What changed in the metrics, next to what changed in the parameters and in the data.
 * @param {{workspaceId: string, runIds: readonly string[], onBack: () => void}} props
 */
export function CompareRuns({ workspaceId, runIds, onBack }) {
  const { t } = useTranslation();
  const query = useQuery(comparisonQuery(workspaceId, runIds));
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
          onClick={onBack}
        >
          {t('experiments.compare.back')}
        </Button>
        <Title order={2} size="h3">
          {t('experiments.compare.title')}
        </Title>
      </Group>
      <QueryState query={query} height={320}>
        {(comparison) => <Comparison workspaceId={workspaceId} comparison={comparison} />}
      </QueryState>
    </Stack>
  );
}

/** @param {{workspaceId: string, comparison: Comparison}} props */
function Comparison({ workspaceId, comparison }) {
  const { t } = useTranslation();
  const { experiments: runs, params, metrics, changed_params: changed, data } = comparison;
  const labels = uniqueNames(runs);
  const [first, last] = [runs[0], runs.at(-1)];
  const changedRows = Object.entries(params).filter(([name]) => changed.includes(name));
  return (
    <>
      <Table.ScrollContainer minWidth={480}>
        <Table fz="sm" verticalSpacing={5}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>
                <span className="dd-visually-hidden">{t('sampling.result.name')}</span>
              </Table.Th>
              {runs.map((run, index) => (
                <Table.Th key={run.experiment_id} ta="end">
                  {labels[index]}
                  <Text size="xs" c="dimmed" fw={400}>
                    <Anchor
                      component={Link}
                      size="xs"
                      underline="always"
                      to={`/w/${workspaceId}/snapshots?snapshot=${encodeURIComponent(run.snapshot_id)}`}
                    >
                      {run.snapshot_id}
                    </Anchor>
                  </Text>
                </Table.Th>
              ))}
              <Table.Th ta="end">{t('experiments.compare.difference')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            <Table.Tr>
              <Table.Th colSpan={runs.length + 2} c="dimmed">
                {t('experiments.compare.metrics')}
              </Table.Th>
            </Table.Tr>
            {Object.entries(metrics)
              .filter(([name]) => !name.startsWith('system/'))
              .map(([name, values]) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row" fw={400}>
                    {name}
                  </Table.Th>
                  {values.map((value, index) => (
                    <Table.Td key={runs[index]?.experiment_id} ta="end" className="dd-num">
                      {formatNumber(value)}
                    </Table.Td>
                  ))}
                  <Table.Td ta="end" className="dd-num" fw={650}>
                    {difference(values)}
                  </Table.Td>
                </Table.Tr>
              ))}
            <Table.Tr>
              <Table.Th colSpan={runs.length + 2} c="dimmed">
                {t('experiments.compare.params')}
              </Table.Th>
            </Table.Tr>
            {changedRows.map(([name, values]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400}>
                  {name}
                </Table.Th>
                {values.map((value, index) => (
                  <Table.Td key={runs[index]?.experiment_id} ta="end" ff="monospace">
                    {value === null ? '–' : String(value)}
                  </Table.Td>
                ))}
                <Table.Td />
              </Table.Tr>
            ))}
            {changedRows.length === 0 ? (
              <Table.Tr>
                <Table.Td colSpan={runs.length + 2} c="dimmed">
                  {t('experiments.compare.sameParams')}
                </Table.Td>
              </Table.Tr>
            ) : null}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <ComparedCurves workspaceId={workspaceId} runs={runs} />
      <Title order={3} size="h4">
        {t('experiments.compare.data')}
      </Title>
      {data && first && last ? (
        <DiffView workspaceId={workspaceId} base={first.snapshot_id} target={last.snapshot_id} />
      ) : (
        <Text size="sm" c="dimmed">
          {t('experiments.compare.sameData')}
        </Text>
      )}
    </>
  );
}

/** @param {{workspaceId: string, runs: Comparison['experiments']}} props */
function ComparedCurves({ workspaceId, runs }) {
  const details = useQueries({
    queries: runs.map((run) => runQuery(workspaceId, run.experiment_id)),
  });
  const loaded = details.flatMap(({ data }) => (data ? [data] : []));
  const labels = uniqueNames(loaded);
  const names = [...new Set(loaded.flatMap((run) => Object.keys(run.histories)))];
  const curves = names.filter(
    (name) =>
      !name.startsWith('system/') && loaded.some((run) => (run.histories[name]?.length ?? 0) > 1),
  );
  if (curves.length === 0) return null;
  return (
    <div className={classes.curves}>
      {curves.map((name) => (
        <MetricChart
          key={name}
          title={name}
          series={loaded.map((run, index) => ({
            name: labels[index] ?? run.name,
            points: run.histories[name] ?? [],
          }))}
        />
      ))}
    </div>
  );
}

/** Runs are often called the same; then a piece of the id tells them apart. @param {Comparison['experiments']} runs */
function uniqueNames(runs) {
  return runs.map(({ name, experiment_id: id }) =>
    runs.filter((other) => other.name === name).length > 1 ? `${name} (${id.slice(0, 4)})` : name,
  );
}

/** Last less first, with its sign. @param {readonly (number | null)[]} values */
function difference(values) {
  const [first, last] = [values[0], values.at(-1)];
  if (typeof first !== 'number' || typeof last !== 'number') return '–';
  const change = last - first;
  return `${change > 0 ? '+' : change < 0 ? '−' : '±'}${formatNumber(Math.abs(change))}`;
}
