// @ts-check
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router';
import { workspaceStatusQuery, workspacesQuery } from '../../api/queries/workspaces.js';
import { pairOf } from '../../lib/pairs.js';
import classes from './Header.module.css';
import { RoleTabs } from './RoleTabs.jsx';
import { SnapshotChip, SnapshotChipPending } from './SnapshotChip.jsx';

/** Which workspace, which side, which version. @param {{ workspaceId: string }} props */
export function WorkspaceHeader({ workspaceId }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const location = useLocation();
  const list = useQuery(workspacesQuery());
  const status = useQuery(workspaceStatusQuery(workspaceId));
  const workspaces = list.data?.workspaces ?? [];
  const known = new Map(workspaces.map((w) => [w.workspace_id, w.name]));
  if (status.data) known.set(workspaceId, status.data.name);
  const panel = location.pathname.split('/')[3] ?? 'data';
  return (
    <div className={classes.workspace}>
      <Select
        size="xs"
        w={200}
        miw={120}
        aria-label={t('shell.workspace')}
        value={workspaceId}
        data={[...known].map(([value, label]) => ({ value, label }))}
        onChange={(id) => id && navigate(`/w/${id}/${panel}`)}
        searchable
        allowDeselect={false}
        nothingFoundMessage={t('common.nothingFound')}
        comboboxProps={{ withinPortal: true }}
      />
      <RoleTabs pair={pairOf(workspaceId, workspaces)} workspaceId={workspaceId} />
      {status.data ? <SnapshotChip status={status.data} /> : <SnapshotChipPending />}
    </div>
  );
}
