// @ts-check
import { Badge, Button, Group, Popover, ScrollArea, Stack, Text, Title } from '@mantine/core';
import { IconArrowBackUp, IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { editsQuery } from '../../api/queries/items.js';
import { formatAgo } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';

/** @typedef {import('../../api/queries/types.d.ts').EditRecord} EditRecord */
/**
 * The journal: what was done, and back to any point of it. Undoing an edit undoes the later ones too, and says so.
 * @param {{workspaceId: string, busy: boolean, onUndo: (...editIds: string[]) => void}} props
 */
export function UndoHistory({ workspaceId, busy, onUndo }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const edits = useQuery(editsQuery(workspaceId));
  const open = (edits.data?.edits ?? []).filter((edit) => !edit.undone);
  return (
    <Group gap={4} wrap="nowrap">
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        c="var(--dd-text)"
        leftSection={<IconArrowBackUp size={16} aria-hidden />}
        disabled={busy || open.length === 0}
        onClick={() => onUndo()}
      >
        {t('common.undo')}
      </Button>
      <Popover
        opened={opened}
        onChange={setOpened}
        width={380}
        position="top-end"
        shadow="md"
        trapFocus
      >
        <Popover.Target>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            c="var(--dd-text)"
            leftSection={<IconHistory size={16} aria-hidden />}
            onClick={() => setOpened((now) => !now)}
          >
            {t('explorer.history.open')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Title order={2} size="h4" mb="xs">
            {t('explorer.history.title')}
          </Title>
          <QueryState query={edits} height={80}>
            {({ edits: all }) => (
              <ScrollArea.Autosize mah="50vh" offsetScrollbars>
                <Stack gap={6}>
                  {all.length === 0 ? (
                    <Text size="sm" c="dimmed">
                      {t('explorer.history.none')}
                    </Text>
                  ) : null}
                  {all.map((edit) => (
                    <EditRow
                      key={edit.edit_id}
                      edit={edit}
                      later={laterThan(open, edit)}
                      busy={busy}
                      onUndo={onUndo}
                    />
                  ))}
                </Stack>
              </ScrollArea.Autosize>
            )}
          </QueryState>
        </Popover.Dropdown>
      </Popover>
    </Group>
  );
}

/**
 * @param {{edit: EditRecord, later: readonly string[], busy: boolean, onUndo: (...editIds: string[]) => void}} props
 * `later` = the open edits that came after this one, newest first
 */
function EditRow({ edit, later, busy, onUndo }) {
  const { t } = useTranslation();
  const target = String(edit.params.target_split ?? edit.params.new_label ?? '');
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <div>
        <Text size="sm" td={edit.undone ? 'line-through' : undefined}>
          {t(`explorer.done.${edit.kind}`, {
            count: edit.changed,
            target,
            defaultValue: edit.kind,
          })}
        </Text>
        <Text size="xs" c="dimmed">
          {formatAgo(edit.created_at)}
        </Text>
      </div>
      {edit.undone ? (
        <Badge variant="default" size="sm">
          {t('explorer.history.undone')}
        </Badge>
      ) : (
        <Button
          size="compact-xs"
          variant="default"
          disabled={busy}
          onClick={() => onUndo(...later, edit.edit_id)}
          miw="max-content"
        >
          {later.length > 0
            ? t('explorer.history.undoWith', { count: later.length })
            : t('common.undo')}
        </Button>
      )}
    </Group>
  );
}

/** @param {readonly EditRecord[]} open newest first @param {EditRecord} edit */
function laterThan(open, edit) {
  const at = open.findIndex((other) => other.edit_id === edit.edit_id);
  return open.slice(0, Math.max(0, at)).map((other) => other.edit_id);
}
