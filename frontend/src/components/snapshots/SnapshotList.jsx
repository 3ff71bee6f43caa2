// @ts-check
import { Badge, Button, Group, Text, Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatAgo, formatCount, formatDate } from '../../lib/format.js';
import classes from './SnapshotList.module.css';

/** @typedef {import('../../api/queries/types.d.ts').Snapshot} Snapshot */
/**
 * The versions, newest first, below the working copy that they were taken from.
 * @param {object} props
 * @param {readonly Snapshot[]} props.snapshots
 * @param {string} props.selected an id, or `working`
 * @param {number} props.changes unsaved ones
 * @param {boolean} props.hasMore
 * @param {boolean} props.loadingMore
 * @param {() => void} props.onMore
 * @param {(id: string) => void} props.onSelect
 */
export function SnapshotList({
  snapshots,
  selected,
  changes,
  hasMore,
  loadingMore,
  onMore,
  onSelect,
}) {
  const { t } = useTranslation();
  return (
    <>
      <ol className={classes.list} aria-label={t('snapshots.timeline')}>
        {changes > 0 ? (
          <li className={classes.entry} data-working>
            <button
              type="button"
              className={classes.card}
              aria-pressed={selected === 'working'}
              onClick={() => onSelect('working')}
            >
              <Text size="sm" fw={650} span>
                {t('snapshots.working')}
              </Text>
              <Text size="xs" c="dimmed" span>
                {t('snapshots.changes', { count: changes, n: formatCount(changes) })}
              </Text>
            </button>
          </li>
        ) : null}
        {snapshots.map((snapshot) => (
          <li
            key={snapshot.snapshot_id}
            className={classes.entry}
            data-head={snapshot.is_head || undefined}
            data-auto={snapshot.is_auto || undefined}
          >
            <SnapshotCard snapshot={snapshot} selected={selected} onSelect={onSelect} />
          </li>
        ))}
      </ol>
      {hasMore ? (
        <Button variant="default" size="xs" loading={loadingMore} onClick={onMore}>
          {t('common.more')}
        </Button>
      ) : null}
    </>
  );
}

/** @param {{snapshot: Snapshot, selected: string, onSelect: (id: string) => void}} props */
function SnapshotCard({ snapshot, selected, onSelect }) {
  const { t } = useTranslation();
  const { snapshot_id: id, alias, message, created_at: at, changes, is_head: isHead } = snapshot;
  return (
    <button
      type="button"
      className={classes.card}
      aria-pressed={selected === id}
      onClick={() => onSelect(id)}
    >
      <Group gap={6} wrap="nowrap">
        <Text size="sm" fw={650} span truncate title={id}>
          {id}
        </Text>
        {alias ? (
          <Badge size="sm" variant="light">
            {alias}
          </Badge>
        ) : null}
        {isHead ? (
          <Badge size="sm" variant="filled">
            {t('snapshots.head')}
          </Badge>
        ) : null}
        {snapshot.is_auto ? (
          <Badge size="sm" variant="default" flex="none">
            {t('snapshots.auto')}
          </Badge>
        ) : null}
        <Tooltip label={formatDate(at)}>
          <Text size="xs" c="dimmed" span ms="auto" style={{ whiteSpace: 'nowrap' }}>
            {formatAgo(at)}
          </Text>
        </Tooltip>
      </Group>
      <Text size="sm" span lineClamp={2}>
        {message}
      </Text>
      <ChangeMarks changes={changes} />
    </button>
  );
}

/** @param {{changes: Snapshot['changes']}} props */
export function ChangeMarks({ changes }) {
  const { t } = useTranslation();
  /** @type {['added' | 'removed' | 'modified' | 'relabelled', string, string][]} */
  const marks = [
    ['added', '+', 'var(--dd-ok)'],
    ['removed', '−', 'var(--dd-bad)'],
    ['modified', '~', 'var(--dd-warn)'],
    ['relabelled', '⇄', 'var(--dd-accent)'],
  ];
  const present = marks.filter(([name]) => changes[name] > 0);
  if (present.length === 0) return null;
  return (
    <Group gap={10}>
      {present.map(([name, sign, color]) => (
        <Text key={name} size="xs" span className="dd-num" style={{ color }}>
          <span aria-hidden="true">{`${sign}${formatCount(changes[name])} `}</span>
          <span className="dd-visually-hidden">{formatCount(changes[name])}</span>
          {t(`snapshots.change.${name}`)}
        </Text>
      ))}
    </Group>
  );
}
