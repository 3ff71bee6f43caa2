// @ts-check
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer, problem, renderPanel, server, withLayout } from '../../../tests/screen.jsx';
import { NOTHING, setSelection } from '../../lib/selection.js';
import { DataExplorer } from './DataExplorer.jsx';

/** @param {number} at */
const itemAt = (at) => ({
  item_id: `item${at}`,
  file_name: `cell ${at}.jpg`,
  split: 'train',
  width: 640,
  height: 480,
  bytes: 1000,
  content_hash: 'aa',
  classes: ['RBC'],
  annotation_count: at % 7,
  annotated: true,
  attributes: { brightness: at },
  thumbnail_url: `/workspace/w1/data/item/item${at}/preview?size=256`,
  color: '#808080',
});

/** @type {{path: string, body: Record<string, unknown>, ifMatch: string | null}[]} */
let sent = [];
const total = 3000;

/** @param {string} path */
const record = (path) =>
  answer('post', `/workspace/w1/data/${path}`, async ({ request }) => {
    const body = /** @type {Record<string, unknown>} */ (await request.json());
    sent.push({ path, body, ifMatch: request.headers.get('if-match') });
    return {
      changed: body.dry_run ? 2990 : 4,
      skipped: [],
      edit_id: 'e1',
      data_version: 'v',
      effect: {},
    };
  });

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
afterEach(() => {
  server.resetHandlers();
  setSelection('w1', NOTHING);
});
beforeEach(() => {
  sent = [];
  withLayout(700, 500);
  server.use(
    answer(
      'post',
      '/workspace/w1/data/views',
      { view_id: 'view1', total, data_version: 'version-1' },
      201,
    ),
    answer('get', '/workspace/w1/data/views/view1/items', ({ request }) => {
      const { searchParams } = new URL(request.url);
      const offset = Number(searchParams.get('offset'));
      const items = Array.from({ length: 200 }, (_, at) => itemAt(offset + at));
      return { items, next_cursor: null, total, data_version: 'version-1' };
    }),
    answer('get', '/workspace/w1/data/views/view1/ids', ({ request }) => {
      const { searchParams } = new URL(request.url);
      const [offset, limit] = [
        Number(searchParams.get('offset')),
        Number(searchParams.get('limit')),
      ];
      return Array.from({ length: limit }, (_, at) => `item${offset + at}`);
    }),
    answer('get', '/workspace/w1/data/views/view1/histograms', {
      total,
      data_version: 'version-1',
      fields: {
        split: { kind: 'counts', values: { train: 2000, val: 1000 } },
        class_name: { kind: 'counts', values: { RBC: 2900, WBC: 50 } },
        annotation_count: { kind: 'bins', min: 0, max: 6, counts: [1, 2, 3], missing: 0 },
        brightness: { kind: 'bins', min: 0, max: 255, counts: [5, 9, 1], missing: 0 },
      },
    }),
    answer('get', '/workspace/w1/data/edits', { edits: [], total: 0 }),
    answer('get', '/workspace/w1/analysis/duplicates', { groups: [], total: 0 }),
    answer('get', '/drift', { items: [], next_cursor: null, total: 0 }),
    record('remove'),
    record('move'),
    record('undo'),
  );
});

const grid = () => screen.findByRole('grid', { name: 'Images' });
const cells = () => screen.getAllByRole('gridcell');

describe('the data explorer', () => {
  it('draws only what is in view of three thousand images', async () => {
    await renderPanel(<DataExplorer />);
    await grid();
    await screen.findByLabelText(/cell 0\.jpg/);
    expect(cells().length).toBeLessThan(60);
    expect(screen.getByTestId('shown-count')).toHaveTextContent('3,000 of 3,000');
  });

  it('puts a filter into the address and takes it out again', async () => {
    const user = userEvent.setup();
    const { address } = await renderPanel(<DataExplorer />);
    await user.click(await screen.findByRole('button', { name: /WBC/ }));
    await waitFor(() => expect(address.search).toBe('?class=WBC'));
    await user.click(screen.getByRole('button', { name: 'Drop the filter Class WBC' }));
    await waitFor(() => expect(address.search).toBe(''));
  });

  it('selects a range with the keyboard, also over images that were never loaded', async () => {
    const user = userEvent.setup();
    await renderPanel(<DataExplorer />);
    (await grid()).focus();
    await screen.findByLabelText(/cell 0\.jpg/);
    await user.keyboard('{ArrowRight}{Shift>}{End}{/Shift}');
    await waitFor(() =>
      expect(screen.getByTestId('selected-count')).toHaveTextContent('3,000 selected'),
    );
    await user.keyboard('{Shift>}{Home}{ArrowRight}{ArrowRight}{/Shift}');
    await waitFor(() =>
      expect(screen.getByTestId('selected-count')).toHaveTextContent('3 selected'),
    );
  });

  it('removes all that match as a filter, on the version that was seen, after asking', async () => {
    const user = userEvent.setup();
    await renderPanel(<DataExplorer />, { search: '?split=train' });
    (await grid()).focus();
    await user.keyboard('{Control>}a{/Control}');
    expect(screen.getByTestId('selected-count')).toHaveTextContent('3,000 selected');
    await user.keyboard('{Delete}');
    const dialog = await screen.findByRole('dialog', { name: 'Remove images?' });
    await within(dialog).findByText(/2,990 images go/);
    await user.click(within(dialog).getByRole('button', { name: 'Remove' }));
    await waitFor(() => expect(sent.filter(({ body }) => body.dry_run === false)).toHaveLength(1));
    const edit = sent.find(({ body }) => body.dry_run === false);
    expect(edit).toEqual({
      path: 'remove',
      ifMatch: '"version-1"',
      body: { filter: { split: 'train' }, except_ids: [], dry_run: false },
    });
    expect(screen.getByTestId('selected-count')).toHaveTextContent('');
  });

  it('moves a few at once and offers to take it back', async () => {
    const user = userEvent.setup();
    await renderPanel(<DataExplorer />);
    (await grid()).focus();
    await screen.findByLabelText(/cell 0\.jpg/);
    await user.keyboard('{ArrowRight}[Space]{ArrowRight}[Space]');
    await user.click(screen.getByRole('button', { name: 'Move' }));
    await user.click(await screen.findByRole('menuitem', { name: 'val' }));
    const undo = await within(await screen.findByRole('alert')).findByRole('button', {
      name: 'Undo',
    });
    expect(sent[0]?.body).toEqual({
      item_ids: ['item0', 'item1'],
      target_split: 'val',
      dry_run: false,
    });
    await user.click(undo);
    await waitFor(() =>
      expect(sent.at(-1)).toMatchObject({ path: 'undo', body: { edit_id: 'e1' } }),
    );
  });

  it('says what is wrong when the view cannot be made, and tries again', async () => {
    const user = userEvent.setup();
    server.use(answer('post', '/workspace/w1/data/views', () => problem(500, 'internal-error')));
    await renderPanel(<DataExplorer />);
    await screen.findAllByText(/internal-error/);
    server.use(
      answer(
        'post',
        '/workspace/w1/data/views',
        { view_id: 'view1', total, data_version: 'version-1' },
        201,
      ),
    );
    await user.click(screen.getAllByRole('button', { name: 'Try again' })[0]);
    await grid();
  });

  it('tells an empty result from an empty workspace', async () => {
    server.use(
      answer(
        'post',
        '/workspace/w1/data/views',
        { view_id: 'view1', total: 0, data_version: 'x' },
        201,
      ),
    );
    await renderPanel(<DataExplorer />, { search: '?q=nothing' });
    await screen.findByText('No image matches');
  });
});
