// @ts-check
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { datasetQuery } from '../../api/queries/datasets.js';
import { statsQuery } from '../../api/queries/items.js';
import { formatBytes, formatCount } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';
import { ReportTable } from './ReportTable.jsx';

/**
 * What was found when the data came in, and what the scan finds wrong now.
 * @param {{workspaceId: string, datasetId: string | null}} props
 */
export function ImportReport({ workspaceId, datasetId }) {
  const { t } = useTranslation();
  const dataset = useQuery(datasetQuery(datasetId ?? ''));
  const stats = useQuery(statsQuery(workspaceId));
  const issues = Object.entries(stats.data?.issues ?? {});
  return (
    <Stack gap="md">
      {datasetId ? (
        <QueryState query={dataset} height={120}>
          {(source) => (
            <Stack gap="xs">
              <Text size="sm">
                {t('sampling.import.source', {
                  name: source.name,
                  format: source.format.toUpperCase(),
                  items: formatCount(source.items),
                  annotations: formatCount(source.annotations),
                  bytes: formatBytes(source.bytes),
                })}
              </Text>
              <ReportTable report={source.report} empty={t('sampling.import.clean')} />
            </Stack>
          )}
        </QueryState>
      ) : (
        <Text size="sm" c="dimmed">
          {t('sampling.import.noSource')}
        </Text>
      )}
      {issues.length > 0 ? (
        <Text size="sm">
          {t('sampling.import.issues')}{' '}
          {issues
            .map(
              ([code, count]) =>
                `${t(`findings.${code}`, { defaultValue: code })} ${formatCount(count)}`,
            )
            .join(' · ')}
        </Text>
      ) : null}
    </Stack>
  );
}
