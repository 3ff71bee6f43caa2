// @ts-check
import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { diffQuery, WORKING } from '../../api/queries/snapshots.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { classColors } from '../../lib/classColors.js';
import { formatCount } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';
import { ClassChanges } from './ClassChanges.jsx';
import { DiffCard } from './DiffCard.jsx';
import classes from './DiffView.module.css';
import { DiffZoom } from './DiffZoom.jsx';

/** @typedef {import('../../api/queries/types.d.ts').DiffItem} DiffItem */
/** @typedef {import('../../api/queries/types.d.ts').ItemChange} ItemChange */
/** @type {ItemChange[]} */
const CHANGES = ['added', 'removed', 'changed', 'moved', 'relabelled'];

/**
 * What differs between two versions: counts, classes, and the images with their boxes before and after.
 * @param {{workspaceId: string, base: string, target: string}} props `target` may be `working`
 */
export function DiffView({ workspaceId, base, target }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const [change, setChange] = useState(/** @type {ItemChange | ''} */ (''));
  const [zoomed, setZoomed] = useState(/** @type {DiffItem | null} */ (null));
  const query = useInfiniteQuery(diffQuery(workspaceId, base, target, change));
  const colorOf = classColors(workspace.classes);
  const other = target === WORKING ? t('snapshots.working') : target;
  return (
    <QueryState query={query} height={240}>
      {({ pages }) => {
        const [first] = pages;
        if (!first) return null;
        const items = pages.flatMap((page) => page.items);
        if ((first.counts.items ?? 0) === 0) {
          return (
            <Text size="sm" c="dimmed" data-testid="diff-same">
              {t(first.counts.other_files ? 'snapshots.diff.otherFiles' : 'snapshots.diff.same', {
                base,
                target: other,
              })}
            </Text>
          );
        }
        return (
          <Stack gap="sm">
            <SegmentedControl
              size="xs"
              className={classes.changes}
              aria-label={t('snapshots.diff.kind')}
              value={change}
              onChange={(next) => setChange(/** @type {ItemChange | ''} */ (next))}
              data={[
                {
                  value: '',
                  label: `${t('snapshots.diff.all')} ${formatCount(first.counts.items ?? 0)}`,
                },
                ...CHANGES.filter((kind) => (first.counts[kind] ?? 0) > 0).map((kind) => ({
                  value: kind,
                  label: `${t(`snapshots.change.${kind}`)} ${formatCount(first.counts[kind] ?? 0)}`,
                })),
              ]}
            />
            <ClassChanges classes={first.classes} colorOf={colorOf} />
            <Group gap="md">
              <Legend dashed label={t('snapshots.diff.before', { version: base })} />
              <Legend label={t('snapshots.diff.after', { version: other })} />
            </Group>
            <ul className={classes.grid}>
              {items.map((item) => (
                <li key={item.item_id}>
                  <DiffCard
                    workspaceId={workspaceId}
                    target={target}
                    item={item}
                    colorOf={colorOf}
                    onOpen={() => setZoomed(item)}
                  />
                </li>
              ))}
            </ul>
            {query.hasNextPage ? (
              <Button
                variant="default"
                size="xs"
                loading={query.isFetchingNextPage}
                onClick={() => query.fetchNextPage()}
              >
                {t('snapshots.diff.more', {
                  shown: formatCount(items.length),
                  total: formatCount(first.total),
                })}
              </Button>
            ) : null}
            {zoomed ? (
              <DiffZoom
                workspaceId={workspaceId}
                target={target}
                item={zoomed}
                colorOf={colorOf}
                onClose={() => setZoomed(null)}
              />
            ) : null}
          </Stack>
        );
      }}
    </QueryState>
  );
}

/** @param {{label: string, dashed?: boolean}} props */
function Legend({ label, dashed = false }) {
  return (
    <Group gap={6}>
      <span className={classes.line} data-dashed={dashed || undefined} aria-hidden="true" />
      <Text size="xs">{label}</Text>
    </Group>
  );
}
