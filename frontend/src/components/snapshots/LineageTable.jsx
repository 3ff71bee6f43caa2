// @ts-check
import { Anchor, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { formatDate } from '../../lib/format.js';
import { linkOfNode } from '../../lib/lineageLinks.js';

/**
 * The lineage in words: each thing and what it came from.
 * @param {{workspaceId: string, lineage: import('../../api/queries/types.d.ts').Lineage}} props
 */
export function LineageTable({ workspaceId, lineage }) {
  const { t } = useTranslation();
  const names = new Map(lineage.nodes.map((node) => [node.id, node.label || node.id]));
  const newestFirst = [...lineage.nodes].sort((a, b) => b.created_at.localeCompare(a.created_at));
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table fz="sm" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('snapshots.lineage.type')}</Table.Th>
            <Table.Th>{t('snapshots.lineage.name')}</Table.Th>
            <Table.Th>{t('snapshots.lineage.from')}</Table.Th>
            <Table.Th>{t('snapshots.lineage.when')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {newestFirst.map((node) => {
            const link = linkOfNode(node, workspaceId);
            const sources = lineage.edges.filter((edge) => edge.to === node.id);
            return (
              <Table.Tr key={node.id}>
                <Table.Td>{t(`snapshots.lineage.types.${node.type}`)}</Table.Td>
                <Table.Td>
                  {link ? (
                    <Anchor component={Link} to={link} size="sm">
                      {node.label || node.id}
                    </Anchor>
                  ) : (
                    node.label || node.id
                  )}
                </Table.Td>
                <Table.Td>
                  {sources.map((edge) => names.get(edge.from) ?? edge.from).join(', ')}
                </Table.Td>
                <Table.Td>{node.created_at ? formatDate(node.created_at) : ''}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
