// @ts-check
import { Alert, Stack, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatBytes, formatCount } from '../../lib/format.js';

/** @typedef {import('../../api/queries/types.d.ts').BeforeAfter} BeforeAfter */
/**
 * What an edit changes, before and after, with a warning where it brings duplicates or leaks between splits.
 * @param {{effect: import('../../api/queries/types.d.ts').Effect}} props
 */
export function EffectTable({ effect }) {
  const { t } = useTranslation();
  const { duplicates_introduced: duplicates, leaks_introduced: leaks } = effect;
  /** @type {[string, BeforeAfter][]} */
  const rows = [
    [t('sampling.effect.items'), effect.items],
    ...Object.entries(effect.splits),
    ...Object.entries(effect.classes),
  ];
  return (
    <Stack gap="xs">
      {duplicates + leaks > 0 ? (
        <Alert color="yellow" p="xs">
          {duplicates > 0
            ? t('sampling.effect.duplicates', { count: duplicates, n: formatCount(duplicates) })
            : ''}{' '}
          {leaks > 0 ? t('sampling.effect.leaks', { count: leaks, n: formatCount(leaks) }) : ''}
        </Alert>
      ) : null}
      <Table fz="xs" verticalSpacing={3} data-testid="effect">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              <span className="dd-visually-hidden">{t('sampling.result.name')}</span>
            </Table.Th>
            <Table.Th ta="end">{t('sampling.effect.before')}</Table.Th>
            <Table.Th ta="end">{t('sampling.effect.after')}</Table.Th>
            <Table.Th ta="end">{t('sampling.effect.change')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([name, { before, after }]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              <Table.Td ta="end" className="dd-num">
                {formatCount(before)}
              </Table.Td>
              <Table.Td ta="end" className="dd-num">
                {formatCount(after)}
              </Table.Td>
              <Table.Td ta="end" className="dd-num" fw={after === before ? 400 : 650}>
                {signed(after - before)}
              </Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Th scope="row" fw={400}>
              {t('sampling.effect.bytes')}
            </Table.Th>
            <Table.Td ta="end">{formatBytes(effect.bytes.before)}</Table.Td>
            <Table.Td ta="end">{formatBytes(effect.bytes.after)}</Table.Td>
            <Table.Td />
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** @param {number} change */
function signed(change) {
  if (change === 0) return '0';
  return `${change > 0 ? '+' : '−'}${formatCount(Math.abs(change))}`;
}
