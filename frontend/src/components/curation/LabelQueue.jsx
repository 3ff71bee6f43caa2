// @ts-check
import { Anchor, Button, Checkbox, Group, Stack, Table, Text } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { formatCount, formatNumber } from '../../lib/format.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { BoxCrop } from './BoxCrop.jsx';
import classes from './Curation.module.css';

/** @typedef {import('../../api/queries/types.d.ts').LabelIssue} LabelIssue */
/**
 * Annotations that differ from all others of their class, the oddest first.
 * @param {{workspaceId: string, rows: readonly LabelIssue[]} & import('./GroupQueue.jsx').Acts} props
 */
export function LabelQueue({ workspaceId, rows, ...acts }) {
  const { t } = useTranslation();
  const [ticked, setTicked] = useState(/** @type {ReadonlySet<number>} */ (new Set()));
  if (rows.length === 0) {
    return (
      <EmptyState
        icon={IconChecklist}
        order={3}
        title={t('curation.quality.noLabels')}
        text={t('curation.quality.noLabelsText')}
      />
    );
  }
  const chosen = [...new Set(rows.filter((_, at) => ticked.has(at)).map((row) => row.item_id))];
  const all = ticked.size === rows.length;
  const tick = (/** @type {number} */ at) =>
    setTicked((before) => {
      const after = new Set(before);
      if (!after.delete(at)) after.add(at);
      return after;
    });
  return (
    <Stack gap="sm">
      <Group justify="space-between" className={classes.bar}>
        <Checkbox
          label={t('curation.quality.all', { count: rows.length, n: formatCount(rows.length) })}
          checked={all}
          indeterminate={ticked.size > 0 && !all}
          onChange={() => setTicked(new Set(all ? [] : rows.keys()))}
        />
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            disabled={chosen.length === 0}
            onClick={() => acts.onSelect(chosen)}
          >
            {t('curation.quality.select', { count: chosen.length, n: formatCount(chosen.length) })}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            c={chosen.length > 0 ? 'var(--dd-bad)' : undefined}
            disabled={chosen.length === 0}
            loading={acts.busy}
            onClick={() => acts.onRemove(chosen)}
          >
            {t('curation.quality.remove', { count: chosen.length, n: formatCount(chosen.length) })}
          </Button>
        </Group>
      </Group>
      <Table verticalSpacing={4} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>
              <span className="dd-visually-hidden">{t('curation.quality.ticked')}</span>
            </Table.Th>
            <Table.Th>{t('curation.quality.image')}</Table.Th>
            <Table.Th>{t('curation.quality.finding')}</Table.Th>
            <Table.Th>{t('curation.quality.class')}</Table.Th>
            <Table.Th ta="end">{t('curation.quality.score')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an image may be named several times, for equal boxes too
            <Table.Tr key={at}>
              <Table.Td>
                <Checkbox
                  checked={ticked.has(at)}
                  onChange={() => tick(at)}
                  aria-label={t('curation.quality.tick', {
                    name: `${at + 1}, ${findingOf(t, row)}`,
                  })}
                />
              </Table.Td>
              <Table.Td>
                <Anchor
                  component={Link}
                  to={`/w/${workspaceId}/data?ids=${row.item_id}&item=${row.item_id}&at=0`}
                  aria-label={t('curation.quality.open', { number: at + 1 })}
                >
                  <BoxCrop workspaceId={workspaceId} row={row} />
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{findingOf(t, row)}</Text>
                <Text size="xs" c="dimmed">
                  {detailOf(t, row)}
                </Text>
              </Table.Td>
              <Table.Td>{row.class_name}</Table.Td>
              <Table.Td ta="end" className="dd-num">
                {row.score.toFixed(2)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** @param {import('i18next').TFunction} t @param {LabelIssue} row */
const findingOf = (t, row) => t(`curation.quality.codes.${row.code}`, { defaultValue: row.code });

/** Numbers come with English words or as facts; what they mean is said here. @param {import('i18next').TFunction} t @param {LabelIssue} row */
const detailOf = (t, row) =>
  t(`curation.quality.details.${row.code}`, {
    n: formatNumber(Number.parseFloat(row.detail)),
    ...shownFacts(row.facts),
    defaultValue: row.detail,
  });

/** Shares as percentages, names as they are. @param {LabelIssue['facts']} facts */
const shownFacts = (facts = {}) =>
  Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      typeof value === 'number' ? `${formatNumber(Math.round(100 * value))} %` : value,
    ]),
  );
