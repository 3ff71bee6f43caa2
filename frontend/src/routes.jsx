// @ts-check
import { createBrowserRouter, redirect } from 'react-router';
import { AppShell } from './components/common/AppShell.jsx';
import { NotFound } from './components/common/NotFound.jsx';
import { PageSkeleton } from './components/common/PageSkeleton.jsx';
import { RouteError } from './components/common/RouteError.jsx';

/** @typedef {import('react').ComponentType} ComponentType */

/**
 * A route whose code comes when it is opened.
 * @template {string} Name
 * @param {() => Promise<Record<Name, ComponentType>>} load
 * @param {Name} name
 */
const page = (load, name) => ({
  lazy: async () => ({ Component: (await load())[name] }),
  ErrorBoundary: RouteError,
});

const panels = [
  {
    path: 'data',
    ...page(() => import('./components/workspace/DataExplorer.jsx'), 'DataExplorer'),
  },
  {
    path: 'analysis',
    ...page(() => import('./components/workspace/AnalysisPanel.jsx'), 'AnalysisPanel'),
  },
  {
    path: 'sampling',
    ...page(() => import('./components/workspace/DataSampler.jsx'), 'DataSampler'),
  },
  {
    path: 'experiments',
    ...page(() => import('./components/workspace/ExperimentPanel.jsx'), 'ExperimentPanel'),
  },
  {
    path: 'snapshots',
    ...page(() => import('./components/workspace/SnapshotTimeline.jsx'), 'SnapshotTimeline'),
  },
];

const studio = () => import('./components/DriftStudio.jsx');

/** @type {import('react-router').RouteObject[]} */
export const routes = [
  {
    path: '/',
    Component: AppShell,
    ErrorBoundary: RouteError,
    HydrateFallback: PageSkeleton,
    children: [
      { index: true, loader: () => redirect('/drift') },
      { path: 'drift', ...page(studio, 'DriftStudio') },
      { path: 'drift/:reportId', ...page(studio, 'DriftStudio') },
      { path: 'w', ...page(() => import('./components/WorkspaceList.jsx'), 'WorkspaceList') },
      {
        path: 'w/:workspaceId',
        ...page(() => import('./components/WorkspaceStudio.jsx'), 'WorkspaceStudio'),
        children: [
          {
            index: true,
            loader: ({ request }) => redirect(`${new URL(request.url).pathname}/data`),
          },
          ...panels,
        ],
      },
      { path: 'jobs', ...page(() => import('./components/jobs/JobsPage.jsx'), 'JobsPage') },
      { path: 'settings', ...page(() => import('./components/Settings.jsx'), 'Settings') },
      { path: '*', Component: NotFound },
    ],
  },
];

export const createRouter = () => createBrowserRouter(routes);
