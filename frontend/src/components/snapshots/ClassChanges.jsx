// @ts-check
import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';

/** @type {import('../../api/queries/types.d.ts').ItemChange[]} */
const CHANGES = ['added', 'removed', 'moved', 'relabelled', 'changed'];

/**
 * How many annotations of each class differ, and how; nothing where none does.
 * @param {{
 *   classes: import('../../api/queries/types.d.ts').SnapshotDiff['classes'], colorOf: (name: string) => string,
 * }} props
 */
export function ClassChanges({ classes, colorOf }) {
  const { t } = useTranslation();
  const rows = Object.entries(classes);
  if (rows.length === 0) return null;
  const shown = CHANGES.filter((change) => rows.some(([, counts]) => counts[change] > 0));
  return (
    <Table.ScrollContainer minWidth={360} maw={640}>
      <Table fz="xs" verticalSpacing={4} captionSide="top">
        <Table.Caption ta="start" mt={0}>
          {t('snapshots.diff.perClass')}
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('explorer.fields.class')}</Table.Th>
            {shown.map((change) => (
              <Table.Th key={change} ta="end">
                {t(`snapshots.change.${change}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([name, counts]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                <span
                  aria-hidden="true"
                  style={{
                    display: 'inline-block',
                    width: 10,
                    height: 10,
                    marginInlineEnd: 6,
                    borderRadius: 3,
                    background: colorOf(name),
                  }}
                />
                {name}
              </Table.Th>
              {shown.map((change) => (
                <Table.Td key={change} ta="end" className="dd-num">
                  {counts[change] > 0 ? formatCount(counts[change]) : '–'}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
