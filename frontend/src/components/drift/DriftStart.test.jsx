// @ts-check
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { renderAt } from '../../../tests/render.jsx';
import { DriftStart } from './DriftStart.jsx';

/** @param {string} id */
const dataset = (id) => ({
  dataset_id: id,
  name: `name of ${id}`,
  format: 'voc',
  task: 'detect',
  items: 364,
  annotations: 4888,
  splits: { train: 364 },
  classes: ['RBC', 'WBC', 'Platelets'],
  bytes: 7_000_000,
  created_at: '2026-01-01T00:00:00Z',
  report: [{ code: 'box-clipped', action: 'clipped', count: 3, examples: [{ subject: 'a.jpg' }] }],
});
/** @param {object} fields */
const job = (fields) => ({
  job_id: 'j1',
  kind: 'drift',
  state: 'running',
  progress: { done: 3, total: 12, unit: 'steps', message: 'clusters', rate: 2, eta: 4.5 },
  result: null,
  error: null,
  attempt: 1,
  created_at: '2026-01-01T00:00:00Z',
  ...fields,
});

const guard = {
  guard_id: 'g1',
  name: 'Line 3',
  base: { name: 'name of a' },
  encoder: 'descriptor',
  alpha: 0.05,
  effect_threshold: 0.2,
  seed: 0,
  created_at: '2026-01-01T00:00:00Z',
  checks: 2,
  last_check: { guard_id: 'g1', report_id: 'r9', outcome: 'fail', failing: 12 },
};
/** @type {(typeof guard)[]} */
let guards = [];
/** @type {unknown[]} */
let asked = [];
const server = setupServer(
  http.get('*/api/datasets', () =>
    HttpResponse.json({ items: [dataset('a'), dataset('b')], next_cursor: null, total: 2 }),
  ),
  http.get('*/api/drift', () => HttpResponse.json({ items: [], next_cursor: null, total: 0 })),
  http.get('*/api/guards', () => HttpResponse.json({ items: guards, total: guards.length })),
  http.delete('*/api/guards/g1', () => {
    guards = [];
    return new HttpResponse(null, { status: 204 });
  }),
  http.post('*/api/guards/g1/check', async ({ request }) => {
    asked.push(await request.json());
    return HttpResponse.json(job({ kind: 'guard-check' }), { status: 202 });
  }),
  http.post('*/api/drift', async ({ request }) => {
    asked.push(await request.json());
    return HttpResponse.json(job({}), { status: 202 });
  }),
  http.get('*/api/jobs/j1', () => HttpResponse.json(job({}))),
);
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  server.resetHandlers();
  asked = [];
  guards = [];
});
afterAll(() => server.close());

test('a comparison cannot be started before both sides are there', async () => {
  renderAt(<DriftStart />, { at: '/?base=a' });
  expect(await screen.findByText(/364 images/)).toBeVisible();
  expect(screen.getByRole('button', { name: 'Compare' })).toBeDisabled();
});

test('the two datasets in the address are compared, and the job stands in the address too', async () => {
  const { router } = renderAt(<DriftStart />, { at: '/?base=a&target=b' });
  const button = screen.getByRole('button', { name: 'Compare' });
  await waitFor(() => expect(button).toBeEnabled());
  await userEvent.click(button);
  expect(await screen.findByText(/3 \/ 12 steps · 2\/s · 0:05 left/)).toBeVisible();
  expect(asked).toEqual([{ base_dataset_id: 'a', target_dataset_id: 'b', alpha: 0.05, seed: 0 }]);
  expect(router.state.location.search).toContain('job=j1');
});

test('a finished comparison opens its report', async () => {
  server.use(
    http.get('*/api/jobs/j1', () =>
      HttpResponse.json(job({ state: 'succeeded', result: { report_id: 'dr-9' } })),
    ),
  );
  const { router } = renderAt(<DriftStart />, { path: '/drift', at: '/drift?job=j1' });
  await waitFor(() => expect(router.state.location.pathname).toBe('/drift/dr-9'));
});

test('a failed comparison says why, with a code to quote and a way to try again', async () => {
  server.use(
    http.get('*/api/jobs/j1', () =>
      HttpResponse.json(
        job({
          state: 'failed',
          error: {
            type: 'about:blank',
            title: 'Invalid input',
            status: 422,
            detail: 'a side has 12 images',
            code: 'too-few-images',
            request_id: 'req-1',
          },
        }),
      ),
    ),
  );
  renderAt(<DriftStart />, { at: '/?base=a&target=b&job=j1' });
  const alert = await screen.findByRole('alert');
  expect(within(alert).getByText('Too few images to compare')).toBeVisible();
  expect(within(alert).getByText('too-few-images · req-1')).toBeVisible();
  expect(within(alert).getByRole('button', { name: 'Try again' })).toBeEnabled();
});

test('what ingest found is one click away, with examples', async () => {
  renderAt(<DriftStart />, { at: '/?base=a' });
  await userEvent.click(await screen.findByRole('button', { name: /found 1 kind of thing/ }));
  expect(screen.getByText('a.jpg')).toBeVisible();
});

test('a list that cannot be loaded is an error with a retry, not an empty list', async () => {
  server.use(http.get('*/api/drift', () => HttpResponse.error()));
  renderAt(<DriftStart />, { at: '/' });
  expect(await screen.findByText('The studio cannot be reached')).toBeVisible();
  expect(screen.queryByText('Nothing compared yet')).toBeNull();
});

test('a guard shows its last check, checks a dataset, and goes when it is deleted', async () => {
  const user = userEvent.setup();
  guards = [guard];
  renderAt(<DriftStart />);
  const row = await screen.findByRole('row', { name: /Line 3/ });
  expect(within(row).getByText('fail')).toBeVisible();
  expect(within(row).getByRole('link', { name: '12 failing images' })).toHaveAttribute(
    'href',
    '/drift/r9',
  );
  expect(within(row).getByRole('button', { name: 'Check' })).toBeDisabled();
  await user.click(within(row).getByRole('combobox', { name: /against Line 3/ }));
  // Each picker has its list at the end of the page; this one came last.
  const options = await screen.findAllByRole('option', { name: /name of b/, hidden: true });
  await user.click(/** @type {HTMLElement} */ (options.at(-1)));
  await user.click(within(row).getByRole('button', { name: 'Check' }));
  await waitFor(() => expect(asked).toEqual([{ target_dataset_id: 'b' }]));
  await user.click(within(row).getByRole('button', { name: 'Delete the guard Line 3' }));
  expect(await screen.findByText('No guards yet')).toBeVisible();
});
