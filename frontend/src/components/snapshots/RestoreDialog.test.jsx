// @ts-check
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { answer, renderPanel, server } from '../../../tests/screen.jsx';
import { RestoreDialog } from './RestoreDialog.jsx';

/** @type {Record<string, unknown>[]} */
let sent = [];
const effect = {
  restored: 'v1',
  saved_as: null,
  files: { written: 25, removed: 12, unchanged: 1043 },
  items: { added: 3, removed: 0, modified: 4, relabelled: 4 },
  unsaved: { added: 0, removed: 3, modified: 8 },
  missing: /** @type {string[]} */ ([]),
};
/** @param {object | null} result */
const job = (result) => ({
  job_id: 'j1',
  kind: 'restore',
  workspace_id: 'w1',
  state: 'succeeded',
  progress: { done: 0, total: null, unit: 'files', message: '', rate: null, eta: null },
  result,
  error: null,
  attempt: 1,
  created_at: '2026-01-01T00:00:00Z',
  started_at: null,
  ended_at: null,
});

/** @param {typeof effect} found */
function serve(found) {
  sent = [];
  server.use(
    answer('post', '/workspace/w1/snapshot/v1/restore', async ({ request }) => {
      const body = /** @type {Record<string, unknown>} */ (await request.json());
      sent.push(body);
      return job(body.dry_run ? found : { ...found, saved_as: 'v3' });
    }),
    answer('get', '/jobs/j1', job(effect)),
  );
}

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

it('shows what a restore does before it does it, and keeps unsaved changes', async () => {
  serve(effect);
  const user = userEvent.setup();
  const onClose = vi.fn();
  await renderPanel(
    <RestoreDialog workspaceId="w1" snapshotId="v1" unsaved={11} onClose={onClose} />,
  );
  expect(await screen.findByText('Images: 3 come back, 0 go, 8 change.')).toBeVisible();
  expect(screen.getByText(/11 unsaved changes are kept as a snapshot/)).toBeVisible();
  expect(sent).toEqual([{ discard_changes: false, dry_run: true }]);
  await user.click(screen.getByRole('button', { name: 'Restore' }));
  await waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(sent.at(-1)).toEqual({ discard_changes: false, dry_run: false });
});

it('throws unsaved changes away only where one says so', async () => {
  serve(effect);
  const user = userEvent.setup();
  await renderPanel(
    <RestoreDialog workspaceId="w1" snapshotId="v1" unsaved={11} onClose={vi.fn()} />,
  );
  await screen.findByTestId('restore-effect');
  await user.click(screen.getByRole('checkbox', { name: 'Discard them instead' }));
  await user.click(screen.getByRole('button', { name: 'Restore' }));
  await waitFor(() => expect(sent.at(-1)).toEqual({ discard_changes: true, dry_run: false }));
});

it('does not restore a version whose stored files are missing', async () => {
  serve({ ...effect, missing: ['a'.repeat(32)] });
  await renderPanel(
    <RestoreDialog workspaceId="w1" snapshotId="v1" unsaved={0} onClose={vi.fn()} />,
  );
  expect(await screen.findByRole('alert')).toHaveTextContent(
    '1 stored file of this version is missing',
  );
  expect(screen.getByRole('button', { name: 'Restore' })).toBeDisabled();
});
