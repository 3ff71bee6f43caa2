// @ts-check
import { Anchor, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { downloadUrl, exportsQuery } from '../../api/queries/sampling.js';
import { formatAgo, formatBytes, formatCount } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';
import { ReportTable } from './ReportTable.jsx';

/** The finished exports with their reports. @param {{workspaceId: string}} props */
export function ExportList({ workspaceId }) {
  const { t } = useTranslation();
  const query = useQuery(exportsQuery(workspaceId));
  return (
    <QueryState query={query} height={80}>
      {({ exports: list }) =>
        list.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('sampling.export.none')}
          </Text>
        ) : (
          <Stack gap="md">
            {list.map((entry) => (
              <div key={entry.export_id}>
                <Table fz="sm" withRowBorders={false}>
                  <Table.Tbody>
                    <Table.Tr>
                      <Table.Td fw={650}>{entry.format.toUpperCase()}</Table.Td>
                      <Table.Td className="dd-num">
                        {t('sampling.export.done', {
                          items: formatCount(entry.items),
                          files: formatCount(entry.files),
                          bytes: formatBytes(entry.bytes),
                        })}
                      </Table.Td>
                      <Table.Td>{formatAgo(entry.created_at)}</Table.Td>
                      <Table.Td ta="end">
                        <Anchor size="sm" href={downloadUrl(workspaceId, entry.export_id)} download>
                          {t('sampling.export.download')}
                        </Anchor>
                      </Table.Td>
                    </Table.Tr>
                  </Table.Tbody>
                </Table>
                <ReportTable report={entry.report} empty={t('sampling.export.lossless')} />
              </div>
            ))}
          </Stack>
        )
      }
    </QueryState>
  );
}
