// @ts-check
import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount, formatPercent } from '../../lib/format.js';
import classes from './KeptTable.module.css';

/**
 * Kept and dropped per class or split, with the share of each in what is kept and in the pool.
 * @param {{title: string, rows: Record<string, import('../../api/queries/types.d.ts').KeptDropped>}} props
 */
export function KeptTable({ title, rows }) {
  const { t } = useTranslation();
  const entries = Object.entries(rows);
  if (entries.length === 0) return null;
  const allKept = entries.reduce((sum, [, { kept }]) => sum + kept, 0);
  const all = entries.reduce((sum, [, { kept, dropped }]) => sum + kept + dropped, 0);
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table fz="xs" verticalSpacing={4} captionSide="top" layout="fixed">
        <Table.Caption ta="start" mt={0}>
          {title}
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="26%">
              <span className="dd-visually-hidden">{t('sampling.result.name')}</span>
            </Table.Th>
            <Table.Th ta="end">{t('sampling.result.kept')}</Table.Th>
            <Table.Th ta="end">{t('sampling.result.dropped')}</Table.Th>
            <Table.Th ta="end">{t('sampling.result.share')}</Table.Th>
            <Table.Th w="30%">
              <span className="dd-visually-hidden">{t('sampling.result.bar')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map(([name, { kept, dropped }]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              <Table.Td ta="end" className="dd-num">
                {formatCount(kept)}
              </Table.Td>
              <Table.Td ta="end" className="dd-num">
                {formatCount(dropped)}
              </Table.Td>
              <Table.Td ta="end" className="dd-num">
                {formatPercent(share(kept + dropped, all))} → {formatPercent(share(kept, allKept))}
              </Table.Td>
              <Table.Td>
                <span className={classes.bar} aria-hidden="true">
                  <span style={{ width: formatShare(kept, kept + dropped) }} />
                </span>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? part / whole : 0);
/** @param {number} part @param {number} whole */
const formatShare = (part, whole) => `${(100 * share(part, whole)).toFixed(1)}%`;
