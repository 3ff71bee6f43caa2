// @ts-check
import { ActionIcon, Button, Group, Popover, TextInput, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { problemOf, wordsFor } from '../../api/problems.js';
import { useSetAlias } from '../../api/queries/snapshots.js';

/** A name for a version; empty takes it away. @param {{workspaceId: string, snapshotId: string, alias: string | null}} props */
export function AliasEditor({ workspaceId, snapshotId, alias }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [text, setText] = useState(alias ?? '');
  const save = useSetAlias(workspaceId);
  const label = t('snapshots.editAlias');
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    save.mutate({ snapshotId, alias: text.trim() || null }, { onSuccess: () => setOpened(false) });
  };
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Tooltip label={label}>
          <ActionIcon size={28} aria-label={label} onClick={() => setOpened((now) => !now)}>
            <IconPencil size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit}>
          <Group gap="xs" align="start">
            <TextInput
              size="xs"
              label={t('snapshots.alias')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={save.error ? wordsFor(problemOf(save.error)).title : null}
              data-autofocus
            />
            <Button size="xs" mt={22} type="submit" loading={save.isPending}>
              {t('snapshots.save')}
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
