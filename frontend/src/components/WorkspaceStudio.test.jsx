// @ts-check
import { screen } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { renderAt } from '../../tests/render.jsx';
import { answer, problem, server, WORKSPACE } from '../../tests/screen.jsx';
import { WorkspaceStudio } from './WorkspaceStudio.jsx';

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
afterEach(() => server.resetHandlers());

const list = (/** @type {object[]} */ ...workspaces) =>
  answer('get', '/workspaces', { workspaces, next_cursor: null, total: workspaces.length });
const show = () => renderAt(<WorkspaceStudio />, { path: '/w/:workspaceId/*', at: '/w/w1/data' });

it('shows a workspace from the list while its files are still being looked at', async () => {
  /** @type {(value: unknown) => void} */
  let finish = () => {};
  const looking = new Promise((resolve) => {
    finish = resolve;
  });
  server.use(
    list(WORKSPACE),
    answer('get', '/workspace/w1/status', () => looking),
  );
  show();
  expect(await screen.findByRole('heading', { name: 'Cells: Data' })).toBeInTheDocument();
  const detail = 'gone';
  finish({ ...WORKSPACE, is_valid: false, checks: [{ name: 'index', ok: false, detail }] });
  expect(await screen.findByText('index: gone')).toBeInTheDocument();
});

it('says that there is no such workspace', async () => {
  server.use(
    list(),
    answer('get', '/workspace/w1/status', () => problem(404, 'workspace-not-found')),
  );
  show();
  expect(await screen.findByRole('alert')).toBeInTheDocument();
});
