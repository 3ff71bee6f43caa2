// @ts-check
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { configure, render } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { createMemoryRouter, Outlet, RouterProvider, useLocation } from 'react-router';
import { vi } from 'vitest';
import { startI18n } from '../src/lib/i18n.js';
import { theme } from '../src/theme.js';

// A whole panel on a busy machine takes longer than a lone component.
configure({ asyncUtilTimeout: 15_000 });
vi.setConfig({ testTimeout: 60_000 });

/** Answers of the API for a test; what is not handled fails it. */
export const server = setupServer();
export const ORIGIN = 'http://localhost:3000';

/**
 * @param {'get' | 'post' | 'put' | 'delete'} method
 * @param {string} path below /api
 * @param {object | ((info: {request: Request}) => unknown)} answer
 * @param {number} [status]
 */
export const answer = (method, path, answer, status = 200) =>
  http[method](`${ORIGIN}/api${path}`, async (info) => {
    const body = typeof answer === 'function' ? await answer(info) : answer;
    if (body instanceof Response) return body;
    return HttpResponse.json(/** @type {import('msw').JsonBodyType} */ (body), { status });
  });

/** @param {number} status @param {string} code @param {string} [detail] */
export const problem = (status, code, detail = '') =>
  HttpResponse.json(
    { type: 'about:blank', title: code, status, detail, code },
    { status, headers: { 'content-type': 'application/problem+json' } },
  );

/** @type {import('../src/api/model.d.ts').WorkspaceStatus} */
export const WORKSPACE = {
  workspace_id: 'w1',
  name: 'Cells',
  role: null,
  dataset_id: 'd1',
  drift_report_id: null,
  task: 'detect',
  format: 'voc',
  items: 3000,
  splits: { train: 2000, val: 1000 },
  classes: ['RBC', 'WBC'],
  snapshots: 2,
  experiments: 0,
  bytes: 1000,
  created_at: '2026-01-01T00:00:00Z',
  is_valid: true,
  checks: [],
  data_version: 'version-1',
  uncommitted_changes: { added: 0, removed: 0, modified: 0 },
  head: 'v2',
  running_jobs: [],
};

/** Gives elements a size, which jsdom does not. @param {number} width @param {number} height */
export function withLayout(width, height) {
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(width);
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(height);
}

/**
 * Shows a panel inside an open workspace and notes the address.
 * @param {{context: object, seen: {search: string, pathname: string}}} props
 */
function Frame({ context, seen }) {
  const { search, pathname } = useLocation();
  Object.assign(seen, { search, pathname });
  return <Outlet context={context} />;
}

/**
 * Renders a panel inside an open workspace, in English, at an address.
 * @param {import('react').ReactNode} element
 * @param {{search?: string, workspace?: Partial<typeof WORKSPACE>}} [options]
 */
export async function renderPanel(element, { search = '', workspace = {} } = {}) {
  await startI18n('en');
  const address = { search: '', pathname: '' };
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const open = { ...WORKSPACE, ...workspace };
  const context = { workspaceId: 'w1', workspace: open, status: open };
  const router = createMemoryRouter(
    [
      {
        path: '/w/w1',
        element: <Frame context={context} seen={address} />,
        children: [{ path: '*', element }],
      },
    ],
    { initialEntries: [`/w/w1/panel${search}`] },
  );
  const view = render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={client}>
        <Notifications />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...view, address, client };
}
