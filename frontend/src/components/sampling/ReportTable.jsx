// @ts-check
import { Badge, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';

/**
 * What an import found or an export could not hold: per kind a count, what was done, and examples.
 * @param {{report: readonly import('../../api/model.d.ts').ReportRow[], empty: string}} props
 */
export function ReportTable({ report, empty }) {
  const { t } = useTranslation();
  if (report.length === 0) {
    return (
      <Text size="sm" c="dimmed" data-testid="report-empty">
        {empty}
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table fz="sm" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('sampling.report.finding')}</Table.Th>
            <Table.Th>{t('sampling.report.action')}</Table.Th>
            <Table.Th ta="end">{t('sampling.report.count')}</Table.Th>
            <Table.Th w="45%">{t('sampling.report.examples')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {report.map((row) => (
            <Table.Tr key={`${row.code} ${row.action}`}>
              <Table.Td>{t(`findings.${row.code}`, { defaultValue: row.code })}</Table.Td>
              <Table.Td>
                <Badge size="sm" variant="default">
                  {t(`findings.actions.${row.action}`)}
                </Badge>
              </Table.Td>
              <Table.Td ta="end" className="dd-num">
                {formatCount(row.count)}
              </Table.Td>
              <Table.Td>
                <details>
                  <summary>{t('sampling.report.show', { count: row.examples.length })}</summary>
                  {row.examples.map((example) => {
                    const words = Object.values(example).join(' · ');
                    return (
                      <Text key={words} size="xs" c="dimmed" ff="monospace">
                        {words}
                      </Text>
                    );
                  })}
                </details>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
