// @ts-check
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { answer, problem, renderPanel, server } from '../../../tests/screen.jsx';
import { NOTHING, ofIds, setSelection } from '../../lib/selection.js';
import { SampleForm } from './SampleForm.jsx';

/** @type {Record<string, unknown>[]} */
let sent = [];

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
afterEach(() => {
  server.resetHandlers();
  setSelection('w1', NOTHING);
});
beforeEach(() => {
  sent = [];
  server.use(
    answer(
      'post',
      '/workspace/w1/data/views',
      { view_id: 'all', total: 3000, data_version: '1' },
      201,
    ),
    answer('get', '/workspace/w1/data/views/all/histograms', {
      total: 3000,
      data_version: '1',
      fields: { brightness: { kind: 'bins', min: 0, max: 255, counts: [1, 2], missing: 0 } },
    }),
    answer('get', '/workspace/w1/data/stats', {
      items: 3000,
      annotations: 9000,
      classes: {},
      issues: {},
    }),
    answer('get', '/workspace/w1/analysis/results', {
      attributes: { state: 'complete', items: 3000, of: 3000 },
      embedding: { state: 'missing', items: 0, of: 3000, clusters: [], duplicates: {} },
    }),
    answer('get', '/drift', { items: [], next_cursor: null, total: 0 }),
    answer('post', '/workspace/w1/data/sample', async ({ request }) => {
      sent.push(/** @type {Record<string, unknown>} */ (await request.json()));
      return { sample_id: 's1', strategy: { kind: 'random' }, size: 100, seed: 0, item_ids: [] };
    }),
  );
});

it('offers only what can run here, and says what the others lack', async () => {
  await renderPanel(<SampleForm workspaceId="w1" onSampled={vi.fn()} />);
  await waitFor(() => expect(screen.getByRole('radio', { name: /^By a value/ })).toBeEnabled());
  expect(screen.getByRole('radio', { name: /^Stratified/ })).toBeEnabled();
  expect(screen.getByRole('radio', { name: /^Diverse/ })).toBeDisabled();
  expect(screen.getByRole('radio', { name: /^Diverse Needs an embedding/ })).toBeInTheDocument();
  expect(
    screen.getByRole('radio', { name: /^Match the target Needs a drift report/ }),
  ).toBeDisabled();
});

it('samples from the selection by a value, all that match', async () => {
  setSelection('w1', ofIds(['a', 'b']));
  const user = userEvent.setup();
  const onSampled = vi.fn();
  await renderPanel(<SampleForm workspaceId="w1" onSampled={onSampled} />, {
    search: '?source=selection',
  });
  const card = await screen.findByRole('radio', { name: /^By a value/ });
  await waitFor(() => expect(card).toBeEnabled());
  await user.click(card);
  expect(screen.getByRole('button', { name: 'Preview' })).toBeDisabled();
  await user.click(screen.getByRole('combobox', { name: 'Value' }));
  await user.click(await screen.findByRole('option', { name: 'Brightness' }));
  await user.type(screen.getByRole('textbox', { name: 'At most' }), '40');
  await user.clear(screen.getByRole('textbox', { name: 'How many' }));
  await user.click(screen.getByRole('button', { name: 'Preview' }));
  await waitFor(() => expect(onSampled).toHaveBeenCalledWith('s1'));
  expect(sent).toEqual([
    {
      strategy: { kind: 'threshold', field: 'brightness', max: 40, ascending: false },
      size: null,
      seed: 0,
      pool: { ids: ['a', 'b'] },
      include: null,
    },
  ]);
});

it('says it where fewer images match than are wanted', async () => {
  server.use(
    answer('post', '/workspace/w1/data/sample', () =>
      problem(422, 'not-enough-items', '100 items wanted, 7 match'),
    ),
  );
  const user = userEvent.setup();
  await renderPanel(<SampleForm workspaceId="w1" onSampled={vi.fn()} />);
  await user.click(await screen.findByRole('button', { name: 'Preview' }));
  expect(await screen.findByText('100 items wanted, 7 match')).toBeVisible();
});
