// @ts-check
import { ActionIcon, Button, Group, Popover, Stack, Text, TextInput } from '@mantine/core';
import { IconBookmark, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../api/problems.js';
import { savedViewsQuery, useDeleteView, useSaveView } from '../../api/queries/views.js';
import { conditionCount } from '../../lib/filterParams.js';
import { savedFilter } from '../../lib/savedFilter.js';
import { filterKey } from '../../lib/selection.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { toastProblem } from '../common/toasts.jsx';

/** @typedef {import('../../lib/filterParams.js').ItemFilter} ItemFilter */
/**
 * Filters with an order under a name, to come back to.
 * @param {{
 *   workspaceId: string, filter: ItemFilter, sort: string, onPick: (filter: ItemFilter, sort: string) => void,
 * }} props
 */
export function SavedViews({ workspaceId, filter, sort, onPick }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const views = useQuery({ ...savedViewsQuery(workspaceId), enabled: opened });
  const remove = useDeleteView(workspaceId);
  const now = `${filterKey(filter)} ${sort}`;
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={320}
      position="bottom-start"
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconBookmark size={16} aria-hidden />}
          aria-expanded={opened}
          onClick={() => setOpened((before) => !before)}
        >
          {t('explorer.views.title')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="sm">
          <QueryState query={views} height={40}>
            {(all) =>
              all.length === 0 ? (
                <Text size="sm" c="dimmed">
                  {t('explorer.views.none')}
                </Text>
              ) : (
                <Stack gap={2} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                  {all.map((view) => (
                    <Group key={view.saved_id} component="li" gap={4} wrap="nowrap">
                      <Button
                        flex={1}
                        size="compact-sm"
                        variant={isNow(view, now) ? 'light' : 'subtle'}
                        aria-current={isNow(view, now) || undefined}
                        justify="start"
                        onClick={() => {
                          onPick(savedFilter(view.filter), view.sort ?? '');
                          setOpened(false);
                        }}
                      >
                        {view.name}
                      </Button>
                      <ActionIcon
                        size={28}
                        aria-label={t('explorer.views.delete', { name: view.name })}
                        loading={remove.isPending && remove.variables === view.saved_id}
                        onClick={() => remove.mutate(view.saved_id, { onError: toastProblem })}
                      >
                        <IconTrash size={16} aria-hidden />
                      </ActionIcon>
                    </Group>
                  ))}
                </Stack>
              )
            }
          </QueryState>
          <SaveForm
            workspaceId={workspaceId}
            filter={filter}
            sort={sort}
            names={namesOf(views.data)}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

/** @param {{workspaceId: string, filter: ItemFilter, sort: string, names: readonly string[]}} props */
function SaveForm({ workspaceId, filter, sort, names }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const save = useSaveView(workspaceId);
  const wanted = name.trim();
  const nothing = conditionCount(filter) === 0 && !sort;
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!wanted || nothing) return;
    save.mutate({ name: wanted, filter, sort }, { onSuccess: () => setName('') });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <TextInput
          size="xs"
          label={t('explorer.views.name')}
          description={nothing ? t('explorer.views.nothing') : undefined}
          value={name}
          maxLength={100}
          disabled={nothing}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError(save.error, 'name')}
          data-autofocus
        />
        {save.error ? <ProblemAlert error={save.error} /> : null}
        <Button size="xs" type="submit" disabled={!wanted || nothing} loading={save.isPending}>
          {t(names.includes(wanted) ? 'explorer.views.replace' : 'explorer.views.save')}
        </Button>
      </Stack>
    </form>
  );
}

/** @param {import('../../api/queries/types.d.ts').SavedView} view @param {string} now */
const isNow = (view, now) => `${filterKey(savedFilter(view.filter))} ${view.sort ?? ''}` === now;

/** @param {readonly import('../../api/queries/types.d.ts').SavedView[] | undefined} views */
const namesOf = (views) => (views ?? []).map((view) => view.name);
