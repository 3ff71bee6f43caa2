// @ts-check
import { Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { driftReportsQuery } from '../../api/queries/drift.js';
import { formatAgo, formatDate } from '../../lib/format.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import classes from './ReportList.module.css';
import { VerdictBadge } from './VerdictBadge.jsx';

/** Earlier comparisons, newest first. */
export function ReportList() {
  const { t } = useTranslation();
  const reports = useQuery(driftReportsQuery());
  return (
    <Stack component="section" gap="sm" mt="md" aria-labelledby="reports-title">
      <Title order={2} id="reports-title">
        {t('drift.reports')}
      </Title>
      <QueryState query={reports} height={160}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState order={3} title={t('drift.noReports')} text={t('drift.noReportsText')} />
          ) : (
            <Table.ScrollContainer minWidth={520} className="dd-panel" p={0}>
              <Table verticalSpacing="xs" horizontalSpacing="md" highlightOnHover>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('drift.verdict')}</Table.Th>
                    <Table.Th>{t('drift.compared')}</Table.Th>
                    <Table.Th ta="right">{t('drift.score')}</Table.Th>
                    <Table.Th ta="right">{t('drift.when')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((report) => (
                    <Table.Tr key={report.report_id}>
                      <Table.Td>
                        <VerdictBadge status={report.status} />
                      </Table.Td>
                      <Table.Td>
                        <Link to={`/drift/${report.report_id}`} className={classes.link}>
                          <span className={classes.base}>{report.base.name}</span>
                          {' → '}
                          <span className={classes.target}>{report.target.name}</span>
                        </Link>
                      </Table.Td>
                      <Table.Td ta="right" className="dd-num">
                        {report.score.toFixed(2)}
                      </Table.Td>
                      <Table.Td ta="right">
                        <Text size="sm" c="dimmed" title={formatDate(report.created_at)}>
                          {formatAgo(report.created_at)}
                        </Text>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </QueryState>
    </Stack>
  );
}
