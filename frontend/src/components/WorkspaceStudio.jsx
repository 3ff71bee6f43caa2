// @ts-check
import '../mantine-more.css';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, Outlet, useLocation, useParams } from 'react-router';
import { workspaceStatusQuery, workspacesQuery } from '../api/queries/workspaces.js';
import { FILTER_KEYS } from '../lib/filterParams.js';
import { PageSkeleton } from './common/PageSkeleton.jsx';
import { QueryState } from './common/QueryState.jsx';
import { WorkspaceProblems } from './common/WorkspaceProblems.jsx';
import classes from './WorkspaceStudio.module.css';

const PANELS = ['data', 'analysis', 'sampling', 'experiments', 'snapshots'];

/** One workspace: five panels over the same data, filters and selection. */
export function WorkspaceStudio() {
  const { t } = useTranslation();
  const { workspaceId = '' } = useParams();
  const { search, pathname } = useLocation();
  const panel = pathname.split('/')[3] ?? '';
  const status = useQuery(workspaceStatusQuery(workspaceId));
  const known = useQuery(workspacesQuery()).data?.workspaces;
  // The status looks at every file. Until it has, what the list says is enough to work with.
  const workspace = status.data ?? known?.find((w) => w.workspace_id === workspaceId);
  const filters = useMemo(() => filterSearch(search), [search]);
  return (
    <div className={classes.studio}>
      <nav className={classes.panels} aria-label={t('shell.panels')}>
        {PANELS.map((panel) => (
          <NavLink key={panel} to={{ pathname: panel, search: filters }} relative="route">
            {t(`shell.panel.${panel}`)}
          </NavLink>
        ))}
      </nav>
      <QueryState query={{ ...status, data: workspace }} skeleton={<PageSkeleton />}>
        {(workspace) => (
          <div className={classes.content}>
            <title>{`${workspace.name} · ddoc`}</title>
            <h1 className="dd-visually-hidden">
              {workspace.name}: {t(`shell.panel.${panel}`, { defaultValue: panel })}
            </h1>
            {status.data ? <WorkspaceProblems workspace={status.data} /> : null}
            <div className={classes.panel}>
              <Outlet context={{ workspaceId, workspace, status: status.data }} />
            </div>
          </div>
        )}
      </QueryState>
    </div>
  );
}

/** Filters go along from panel to panel; what only one panel knows stays behind. @param {string} search */
function filterSearch(search) {
  const kept = [...new URLSearchParams(search)].filter(([key]) => FILTER_KEYS.includes(key));
  return new URLSearchParams(kept).toString();
}
