// @ts-check
import { Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFieldName } from '../../hooks/useFieldName.js';
import { formatBytes, formatNumber } from '../../lib/format.js';

/** What is known of an image. @param {{item: import('../../api/queries/types.d.ts').ItemDetail}} props */
export function ItemFacts({ item }) {
  const { t } = useTranslation();
  const nameOf = useFieldName();
  /** @type {[string, string][]} */
  const rows = [
    [nameOf('split'), item.split],
    [t('explorer.detail.size'), `${item.width} × ${item.height}`],
    [nameOf('bytes'), formatBytes(item.bytes)],
    ...Object.entries(item.attributes).map(
      ([name, value]) => /** @type {[string, string]} */ ([nameOf(name), formatNumber(value)]),
    ),
    [t('explorer.detail.id'), item.item_id],
  ];
  return (
    <Table fz="xs" verticalSpacing={4} withRowBorders={false}>
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th fw={400} c="dimmed" scope="row" w="45%">
              {name}
            </Table.Th>
            <Table.Td className="dd-num">{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
