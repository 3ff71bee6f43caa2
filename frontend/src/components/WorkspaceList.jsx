// @ts-check
import '../mantine-more.css';
import { Button, Group, SimpleGrid, Stack, Title } from '@mantine/core';
import { IconPhotoSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { workspacesQuery } from '../api/queries/workspaces.js';
import { EmptyState } from './common/EmptyState.jsx';
import { QueryState } from './common/QueryState.jsx';
import { NewWorkspace } from './workspaces/NewWorkspace.jsx';
import { WorkspaceCard } from './workspaces/WorkspaceCard.jsx';

export function WorkspaceList() {
  const { t } = useTranslation();
  const list = useQuery(workspacesQuery());
  return (
    <Stack className="dd-page" gap="md">
      <title>{`${t('workspaces.title')} · ddoc`}</title>
      <Group justify="space-between">
        <Title order={1}>{t('workspaces.title')}</Title>
        <NewWorkspace />
      </Group>
      <QueryState query={list}>
        {({ workspaces }) =>
          workspaces.length === 0 ? (
            <EmptyState
              icon={IconPhotoSearch}
              title={t('workspaces.none')}
              text={t('workspaces.noneText')}
            >
              <Button component={Link} to="/drift" variant="light">
                {t('workspaces.toDrift')}
              </Button>
            </EmptyState>
          ) : (
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
              {workspaces.map((workspace) => (
                <WorkspaceCard key={workspace.workspace_id} workspace={workspace} />
              ))}
            </SimpleGrid>
          )
        }
      </QueryState>
    </Stack>
  );
}
