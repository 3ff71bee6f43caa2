// @ts-check
import { Anchor, Button, Checkbox, Group, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatAgo, formatDuration, formatNumber } from '../../lib/format.js';
import { RunStateBadge } from './RunStateBadge.jsx';

/** @typedef {import('../../api/queries/types.d.ts').Run} Run */
const MAX_COMPARED = 4;
const METRIC_COLUMNS = 4;

/**
 * The runs, newest first, with the values of their metrics as they come.
 * @param {object} props
 * @param {readonly Run[]} props.runs
 * @param {string} props.selected
 * @param {readonly string[]} props.compared
 * @param {(id: string) => void} props.onSelect
 * @param {(ids: string[]) => void} props.onCompared
 * @param {() => void} props.onCompare
 */
export function RunTable({ runs, selected, compared, onSelect, onCompared, onCompare }) {
  const { t } = useTranslation();
  const metrics = commonMetrics(runs);
  /** @param {string} id */
  const toggle = (id) =>
    onCompared(
      compared.includes(id) ? compared.filter((other) => other !== id) : [...compared, id],
    );
  return (
    <>
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {t('experiments.table.compareHint')}
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          disabled={compared.length < 2}
          onClick={onCompare}
        >
          {t('experiments.table.compare', { count: compared.length })}
        </Button>
      </Group>
      <Table.ScrollContainer minWidth={720}>
        <Table fz="sm" highlightOnHover verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={36}>
                <span className="dd-visually-hidden">{t('experiments.table.pick')}</span>
              </Table.Th>
              <Table.Th>{t('experiments.table.name')}</Table.Th>
              <Table.Th>{t('experiments.table.state')}</Table.Th>
              <Table.Th>{t('experiments.table.snapshot')}</Table.Th>
              {metrics.map((metric) => (
                <Table.Th key={metric} ta="end">
                  {metric}
                </Table.Th>
              ))}
              <Table.Th>{t('experiments.table.started')}</Table.Th>
              <Table.Th ta="end">{t('experiments.table.took')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.map((run) => (
              <Table.Tr
                key={run.experiment_id}
                bg={run.experiment_id === selected ? 'var(--dd-accent-soft)' : undefined}
              >
                <Table.Td>
                  <Checkbox
                    size="xs"
                    aria-label={t('experiments.table.pickNamed', { name: run.name })}
                    checked={compared.includes(run.experiment_id)}
                    disabled={
                      !compared.includes(run.experiment_id) && compared.length >= MAX_COMPARED
                    }
                    onChange={() => toggle(run.experiment_id)}
                  />
                </Table.Td>
                <Table.Td>
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    ta="start"
                    onClick={() => onSelect(run.experiment_id)}
                  >
                    {run.name}
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    {run.trainer}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <RunStateBadge state={run.state} />
                </Table.Td>
                <Table.Td>{run.snapshot_id}</Table.Td>
                {metrics.map((metric) => (
                  <Table.Td key={metric} ta="end" className="dd-num">
                    {formatNumber(run.metrics[metric])}
                  </Table.Td>
                ))}
                <Table.Td>{formatAgo(run.started_at ?? run.created_at)}</Table.Td>
                <Table.Td ta="end" className="dd-num">
                  {took(run)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

/** The metrics that most runs have. @param {readonly Run[]} runs */
function commonMetrics(runs) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const run of runs) {
    for (const name of Object.keys(run.metrics)) {
      if (!name.startsWith('system/')) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  return sorted.slice(0, METRIC_COLUMNS).map(([name]) => name);
}

/** @param {Run} run */
function took({ started_at: from, ended_at: to }) {
  if (!from) return '–';
  return formatDuration((new Date(to ?? Date.now()).getTime() - new Date(from).getTime()) / 1000);
}
