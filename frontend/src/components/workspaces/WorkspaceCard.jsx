// @ts-check
import { ActionIcon, Badge, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useDeleteWorkspace, useUndeleteWorkspace } from '../../api/queries/workspaces.js';
import { formatAgo, formatBytes, formatCount } from '../../lib/format.js';
import { toastProblem, toastUndo } from '../common/toasts.jsx';
import classes from './WorkspaceCard.module.css';

/** @param {{ workspace: import('../../api/model.d.ts').Workspace }} props */
export function WorkspaceCard({ workspace }) {
  const { t } = useTranslation();
  const remove = useDeleteWorkspace();
  const restore = useUndeleteWorkspace();
  const { workspace_id: id, name, role } = workspace;
  const onDelete = () =>
    remove.mutate(id, {
      onSuccess: () =>
        toastUndo(t('workspaces.deleted', { name }), () =>
          restore.mutate(id, { onError: toastProblem }),
        ),
      onError: toastProblem,
    });
  return (
    <article className={`dd-panel ${classes.card}`}>
      <Group justify="space-between" wrap="nowrap" align="start">
        <Stack gap={2} miw={0}>
          <Title order={2} size="h3">
            <Link className={classes.link} to={`/w/${id}/data`}>
              {name}
            </Link>
          </Title>
          <Text size="xs" c="dimmed" ff="monospace">
            {id}
          </Text>
        </Stack>
        <Group gap={4} wrap="nowrap" className={classes.above}>
          {role ? (
            <Badge variant="light" color={role}>
              {t(`roles.${role}`)}
            </Badge>
          ) : null}
          <Tooltip label={t('workspaces.delete')}>
            <ActionIcon
              aria-label={t('workspaces.deleteNamed', { name })}
              loading={remove.isPending}
              onClick={onDelete}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <Text size="sm" className="dd-num" mt="xs">
        {t('workspaces.items', { count: workspace.items, n: formatCount(workspace.items) })}
        {' · '}
        {t('workspaces.classes', { count: workspace.classes.length })}
        {' · '}
        {formatBytes(workspace.bytes)}
      </Text>
      <Text size="xs" c="dimmed" className="dd-num">
        {t('workspaces.snapshots', { count: workspace.snapshots })}
        {' · '}
        {t('workspaces.experiments', { count: workspace.experiments })}
        {' · '}
        {formatAgo(workspace.created_at)}
      </Text>
    </article>
  );
}
