// @ts-check
import { Button, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { lineageQuery } from '../../api/queries/snapshots.js';
import { QueryState } from '../common/QueryState.jsx';
import { LineageTable } from './LineageTable.jsx';

const LineageGraph = lazy(() =>
  import('./LineageGraph.jsx').then((module) => ({ default: module.LineageGraph })),
);

/** @param {{workspaceId: string, head: string | null}} props */
export function LineagePanel({ workspaceId, head }) {
  const { t } = useTranslation();
  const lineage = useQuery(lineageQuery(workspaceId));
  const [table, setTable] = useState(false);
  return (
    <Stack gap="xs">
      <Button size="compact-sm" variant="subtle" ms="auto" onClick={() => setTable((now) => !now)}>
        {t(table ? 'common.chart' : 'common.table')}
      </Button>
      <QueryState query={lineage} height={400}>
        {(data) =>
          table ? (
            <LineageTable workspaceId={workspaceId} lineage={data} />
          ) : (
            <Suspense fallback={<Skeleton height={400} />}>
              <LineageGraph workspaceId={workspaceId} lineage={data} head={head} />
            </Suspense>
          )
        }
      </QueryState>
    </Stack>
  );
}
