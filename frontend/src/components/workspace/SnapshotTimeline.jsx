// @ts-check
import { SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { snapshotsQuery, WORKING } from '../../api/queries/snapshots.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { changeCount } from '../../lib/changes.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { CreateSnapshot } from '../snapshots/CreateSnapshot.jsx';
import { DiffView } from '../snapshots/DiffView.jsx';
import { LineagePanel } from '../snapshots/LineagePanel.jsx';
import { MaintenanceMenu } from '../snapshots/MaintenanceMenu.jsx';
import { SnapshotDetail } from '../snapshots/SnapshotDetail.jsx';
import { SnapshotList } from '../snapshots/SnapshotList.jsx';
import classes from './SnapshotTimeline.module.css';

/** Versions of a workspace: take one, compare, restore, see where everything came from. */
export function SnapshotTimeline() {
  const { t } = useTranslation();
  const { workspaceId, status } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const query = useInfiniteQuery(snapshotsQuery(workspaceId));
  const unsaved = changeCount(status);
  /** @param {Record<string, string | null>} values */
  const set = (values) =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      for (const [key, value] of Object.entries(values)) {
        if (value) after.set(key, value);
        else after.delete(key);
      }
      return after;
    });
  const view = params.get('view') === 'lineage' ? 'lineage' : 'changes';
  return (
    <div className={classes.timeline}>
      <div className={classes.side}>
        <CreateSnapshot workspaceId={workspaceId} changes={status?.uncommitted_changes} />
        <QueryState query={query} height={240}>
          {({ pages }) => (
            <SnapshotList
              snapshots={pages.flatMap((page) => page.snapshots)}
              selected={params.get('snapshot') ?? (unsaved > 0 ? WORKING : (pages[0]?.head ?? ''))}
              changes={unsaved}
              hasMore={query.hasNextPage}
              loadingMore={query.isFetchingNextPage}
              onMore={() => query.fetchNextPage()}
              onSelect={(id) => set({ snapshot: id, a: null, view: null })}
            />
          )}
        </QueryState>
      </div>
      <div className={classes.main}>
        <div className={classes.head}>
          <SegmentedControl
            size="sm"
            aria-label={t('snapshots.show')}
            value={view}
            onChange={(next) => set({ view: next === 'lineage' ? next : null })}
            data={[
              { value: 'changes', label: t('snapshots.views.changes') },
              { value: 'lineage', label: t('snapshots.views.lineage') },
            ]}
          />
          <MaintenanceMenu workspaceId={workspaceId} />
        </div>
        <QueryState query={query} height={320}>
          {({ pages }) => {
            const head = pages[0]?.head ?? null;
            if (view === 'lineage') return <LineagePanel workspaceId={workspaceId} head={head} />;
            const snapshots = pages.flatMap((page) => page.snapshots);
            const wanted = params.get('snapshot') ?? (unsaved > 0 ? WORKING : (head ?? ''));
            if (wanted === WORKING && head) {
              return (
                <Stack gap="md">
                  <Title order={2} size="h3">
                    {t('snapshots.working')}
                  </Title>
                  <Text size="sm">{t('snapshots.workingText', { head })}</Text>
                  <DiffView workspaceId={workspaceId} base={head} target={WORKING} />
                </Stack>
              );
            }
            const snapshot = snapshots.find((s) => s.snapshot_id === wanted || s.alias === wanted);
            if (!snapshot) return <EmptyState icon={IconCamera} title={t('snapshots.pick')} />;
            return (
              <SnapshotDetail
                key={snapshot.snapshot_id}
                workspaceId={workspaceId}
                snapshot={snapshot}
                snapshots={snapshots}
                base={params.get('a') ?? snapshot.parents[0] ?? ''}
                unsaved={unsaved}
                onBase={(base) => set({ a: base })}
                onDeleted={() => set({ snapshot: null, a: null })}
              />
            );
          }}
        </QueryState>
      </div>
    </div>
  );
}
