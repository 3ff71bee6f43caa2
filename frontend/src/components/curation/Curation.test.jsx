// @ts-check
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { answer, renderPanel, server } from '../../../tests/screen.jsx';
import { countOf, NOTHING, setSelection, useSelection } from '../../lib/selection.js';
import { SavedViews } from '../explorer/SavedViews.jsx';
import QualityDialog from './QualityDialog.jsx';
import RecipeDialog from './RecipeDialog.jsx';
import SplitDialog from './SplitDialog.jsx';

/** @param {string} id @param {string} split */
const member = (id, split) => ({
  item_id: id,
  name: `${id}.jpg`,
  split,
  content_hash: 'aa',
  width: 640,
  height: 480,
  annotation_count: 2,
});
const group = {
  kind: 'exact',
  items: [member('a', 'train'), member('b', 'val'), member('c', 'val')],
  keep: 'a',
  remove: ['b', 'c'],
  splits: ['train', 'val'],
};
const effect = {
  items: { before: 10, after: 10 },
  bytes: { before: 10, after: 10 },
  splits: { train: { before: 8, after: 5 } },
  classes: {},
  duplicates_introduced: 0,
  leaks_introduced: 0,
  new_classes: [],
  new_splits: [],
};
/** @type {{path: string, body: any, ifMatch: string | null}[]} */
let sent = [];
/** @param {string} path @param {object} reply */
const record = (path, reply) =>
  answer('post', `/workspace/w1/data/${path}`, async ({ request }) => {
    sent.push({ path, body: await request.json(), ifMatch: request.headers.get('if-match') });
    return reply;
  });
const edited = { changed: 3, skipped: [], edit_id: 'e1', data_version: 'v2', effect };

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());
afterEach(() => {
  server.resetHandlers();
  setSelection('w1', NOTHING);
});
beforeEach(() => {
  sent = [];
});

function Selected() {
  const [selection] = useSelection('w1');
  return <output>{countOf(selection)}</output>;
}

const dialog = { workspaceId: 'w1', dataVersion: 'v1', onClose: () => {} };

it('keeps the best of each ticked group and removes the others, on the version that was seen', async () => {
  const user = userEvent.setup();
  server.use(
    answer('get', '/workspace/w1/data/quality', {
      duplicates: [group],
      leaks: [],
      labels: [],
      counts: { exact_groups: 1, near_groups: 0, leaks: 0, labels: 0 },
    }),
    record('remove', edited),
  );
  await renderPanel(
    <>
      <QualityDialog {...dialog} />
      <Selected />
    </>,
  );
  const box = await screen.findByRole('checkbox', { name: 'Tick a.jpg' });
  const remove = screen.getByRole('button', { name: 'Remove 0 images' });
  expect(remove).toBeDisabled();
  await user.click(box);
  await user.click(screen.getByRole('button', { name: 'Select 2 images' }));
  await waitFor(() => expect(screen.getByRole('status', { hidden: true })).toHaveTextContent('2'));
  await user.click(screen.getByRole('button', { name: 'Remove 2 images' }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ body: { item_ids: ['b', 'c'] }, ifMatch: '"v1"' });
});

it('shows each doubtful box in its image, and a doubtful class in the whole of it', async () => {
  const row = { item_id: 'a', score: 0.9, class_name: 'cat', detail: '', facts: {} };
  const image_size = { width: 640, height: 480 };
  server.use(
    answer('get', '/workspace/w1/data/quality', {
      duplicates: [],
      leaks: [],
      labels: [
        { ...row, code: 'tiny-box', box: [300, 200, 302, 240], image_size },
        { ...row, code: 'wrong-class', box: null, image_size },
      ],
      counts: { labels: 2 },
    }),
  );
  await renderPanel(<QualityDialog {...dialog} />, { search: '?queue=labels' });
  const [, boxed, whole] = await screen.findAllByRole('row');
  const drawn = boxed?.querySelector('rect');
  expect([drawn?.getAttribute('x'), drawn?.getAttribute('width')]).toEqual(['300', '2']);
  expect(boxed?.querySelector('img')?.style.left).toMatch(/^-/);
  expect(whole?.querySelector('rect')).toBeNull();
});

it('says that nothing is wrong', async () => {
  server.use(
    answer('get', '/workspace/w1/data/quality', {
      duplicates: [],
      leaks: [],
      labels: [],
      counts: {},
    }),
  );
  await renderPanel(<QualityDialog {...dialog} />, { search: '?queue=labels' });
  expect(await screen.findByText('No odd labels')).toBeInTheDocument();
});

it('shows what another split would do before it divides', async () => {
  const user = userEvent.setup();
  server.use(record('split', edited));
  await renderPanel(<SplitDialog {...dialog} />);
  expect(await screen.findByText('3 images move')).toBeInTheDocument();
  expect(sent[0]?.body).toMatchObject({ dry_run: true, ratios: { train: 0.67, val: 0.33 } });
  await user.click(screen.getByRole('switch', { name: /Stable/ }));
  const divide = screen.getByRole('button', { name: 'Divide' });
  expect(divide).toBeDisabled();
  await waitFor(() => expect(divide).toBeEnabled());
  await user.click(divide);
  await waitFor(() => expect(sent.some(({ body }) => !body.dry_run)).toBe(true));
  expect(sent.find(({ body }) => !body.dry_run)).toMatchObject({
    body: { stable: true, stratified: false, ratios: { train: 0.67, val: 0.33 } },
    ifMatch: '"v1"',
  });
});

it('repeats a recipe after it showed what differs', async () => {
  const user = userEvent.setup();
  const step = { kind: 'move', params: { selection: { filter: {} }, target_split: 'val' } };
  server.use(
    answer('get', '/workspace/w1/data/recipe', { recipe: 1, name: 'w1', steps: [] }),
    record('recipe', {
      differs: true,
      steps: [{ ...step, changed: 4, expected: 9, outcome: 'done', skipped: [], edit_id: 'e1' }],
    }),
  );
  await renderPanel(<RecipeDialog {...dialog} />);
  const input = /** @type {HTMLInputElement} */ (document.querySelector('input[type=file]'));
  await user.upload(input, new File(['{}'], 'no.json', { type: 'application/json' }));
  expect(await screen.findByText('This file is not a recipe.')).toBeInTheDocument();
  expect(sent).toEqual([]);
  const recipe = JSON.stringify({ recipe: 1, name: 'other', steps: [{ ...step, changed: 9 }] });
  await user.upload(input, new File([recipe], 'r.json', { type: 'application/json' }));
  expect(await screen.findByText(/another number of images/)).toBeInTheDocument();
  const row = screen.getByRole('row', { name: /Move to val/ });
  expect(within(row).getByText('9')).toBeInTheDocument();
  expect(within(row).getByText('4')).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Repeat these steps' }));
  await waitFor(() => expect(sent.map(({ body }) => body.dry_run)).toEqual([true, false]));
});

it('saves the filter under a name, and goes back to one', async () => {
  const user = userEvent.setup();
  /** @type {unknown[]} */
  const picked = [];
  server.use(
    answer('get', '/workspace/w1/data/saved-views', [
      { saved_id: 'dark', name: 'Dark', filter: { class_name: 'RBC' }, sort: '-brightness' },
    ]),
    record('saved-views', {}),
  );
  await renderPanel(
    <SavedViews
      workspaceId="w1"
      filter={{ split: 'val' }}
      sort=""
      onPick={(...view) => picked.push(view)}
    />,
  );
  await user.click(screen.getByRole('button', { name: 'Saved views' }));
  await user.type(await screen.findByLabelText(/Save this filter/), 'Mine');
  await user.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() => expect(sent[0]?.body).toEqual({ name: 'Mine', filter: { split: 'val' } }));
  await user.click(screen.getByRole('button', { name: 'Dark' }));
  expect(picked).toEqual([[{ class_names: ['RBC'] }, '-brightness']]);
});
