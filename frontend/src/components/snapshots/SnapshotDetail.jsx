// @ts-check
import { Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { IconRestore, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDeleteSnapshot } from '../../api/queries/snapshots.js';
import { formatBytes, formatCount, formatDate } from '../../lib/format.js';
import { toast, toastProblem } from '../common/toasts.jsx';
import { AliasEditor } from './AliasEditor.jsx';
import { ConfirmDelete } from './ConfirmDelete.jsx';
import { DiffView } from './DiffView.jsx';
import { RestoreDialog } from './RestoreDialog.jsx';

/** @typedef {import('../../api/queries/types.d.ts').Snapshot} Snapshot */
/**
 * One version: what it holds, what can be done with it, and how it differs from another.
 * @param {object} props
 * @param {string} props.workspaceId
 * @param {Snapshot} props.snapshot
 * @param {readonly Snapshot[]} props.snapshots to compare with
 * @param {string} props.base the other side of the comparison; empty for the parent
 * @param {number} props.unsaved changes in the working copy
 * @param {(base: string) => void} props.onBase
 * @param {() => void} props.onDeleted
 */
export function SnapshotDetail({
  workspaceId,
  snapshot,
  snapshots,
  base,
  unsaved,
  onBase,
  onDeleted,
}) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState(/** @type {'restore' | 'delete' | null} */ (null));
  const remove = useDeleteSnapshot(workspaceId);
  const { snapshot_id: id, data } = snapshot;
  const close = () => setDialog(null);
  const facts = [
    t('snapshots.facts.items', { count: data.items, n: formatCount(data.items) }),
    data.annotations === null
      ? ''
      : t('snapshots.facts.annotations', {
          count: data.annotations,
          n: formatCount(data.annotations),
        }),
    formatBytes(data.bytes),
    ...Object.entries(data.splits).map(([split, count]) => `${split} ${formatCount(count)}`),
  ];
  return (
    <Stack gap="md">
      <Group justify="space-between" align="start">
        <div>
          <Group gap={6}>
            <Title order={2} size="h3">
              {id}
              {snapshot.alias ? ` · ${snapshot.alias}` : ''}
            </Title>
            <AliasEditor
              key={id}
              workspaceId={workspaceId}
              snapshotId={id}
              alias={snapshot.alias}
            />
          </Group>
          <Text size="sm">{snapshot.message}</Text>
          <Text size="xs" c="dimmed" className="dd-num">
            {formatDate(snapshot.created_at)} · {facts.filter(Boolean).join(' · ')}
          </Text>
        </div>
        <Group gap="xs">
          <Button
            size="compact-sm"
            leftSection={<IconRestore size={16} aria-hidden />}
            disabled={snapshot.is_head && unsaved === 0}
            onClick={() => setDialog('restore')}
          >
            {t('snapshots.restore.do')}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconTrash size={16} aria-hidden />}
            disabled={snapshot.is_head}
            onClick={() => setDialog('delete')}
          >
            {t('snapshots.delete.do')}
          </Button>
        </Group>
      </Group>
      <BasePicker snapshot={snapshot} snapshots={snapshots} base={base} onBase={onBase} />
      {base && base !== id ? (
        <DiffView key={`${base} ${id}`} workspaceId={workspaceId} base={base} target={id} />
      ) : (
        <Text size="sm" c="dimmed">
          {t('snapshots.first')}
        </Text>
      )}
      {dialog === 'restore' ? (
        <RestoreDialog
          workspaceId={workspaceId}
          snapshotId={id}
          unsaved={unsaved}
          onClose={close}
        />
      ) : null}
      {dialog === 'delete' ? (
        <ConfirmDelete
          id={id}
          busy={remove.isPending}
          onClose={close}
          onConfirm={() =>
            remove.mutate(id, {
              onSuccess: () => {
                toast(t('snapshots.delete.done', { id }));
                onDeleted();
              },
              onError: toastProblem,
              onSettled: close,
            })
          }
        />
      ) : null}
    </Stack>
  );
}

/**
 * @param {{
 *   snapshot: Snapshot, snapshots: readonly Snapshot[], base: string, onBase: (base: string) => void,
 * }} props
 */
function BasePicker({ snapshot, snapshots, base, onBase }) {
  const { t } = useTranslation();
  const others = snapshots.filter((other) => other.snapshot_id !== snapshot.snapshot_id);
  if (others.length === 0) return null;
  return (
    <Select
      size="xs"
      w={320}
      label={t('snapshots.compareWith')}
      placeholder={t('snapshots.compareAny')}
      value={base || null}
      data={others.map((other) => ({
        value: other.snapshot_id,
        label: [other.snapshot_id, other.alias, other.message]
          .filter(Boolean)
          .join(' · ')
          .slice(0, 60),
      }))}
      searchable
      allowDeselect={false}
      nothingFoundMessage={t('common.nothingFound')}
      onChange={(next) => next && onBase(next)}
    />
  );
}
