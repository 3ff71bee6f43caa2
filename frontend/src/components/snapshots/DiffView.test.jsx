// @ts-check
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { answer, renderPanel, server } from '../../../tests/screen.jsx';
import { DiffView } from './DiffView.jsx';

/** @param {string} name @param {number} x */
const box = (name, x) => ({
  class_name: name,
  kind: 'box',
  box: { x, y: 0, width: 5, height: 5 },
  polygons: [],
  extra: {},
});
const place = {
  path: 'images/train/a.jpg',
  split: 'train',
  content_hash: 'abcdef0123',
  width: 10,
  height: 10,
};
const none = { added: [], removed: [], moved: [], relabelled: [], changed: [], unchanged: 0 };
const diff = {
  base: 'v1',
  target: 'v2',
  counts: { items: 2, added: 0, removed: 1, changed: 0, moved: 0, relabelled: 1, other_files: 0 },
  classes: { WBC: { added: 0, removed: 0, moved: 0, relabelled: 1, changed: 0 } },
  items: [
    {
      item_id: 'i1',
      file_name: 'a.jpg',
      change: 'relabelled',
      changes: ['relabelled'],
      old: place,
      new: place,
      annotations: { ...none, relabelled: [{ old: box('RBC', 1), new: box('WBC', 1) }] },
      unchanged: [],
    },
    {
      item_id: 'i2',
      file_name: 'gone.jpg',
      change: 'removed',
      changes: ['removed'],
      old: place,
      new: null,
      annotations: { ...none, removed: [box('RBC', 2)] },
      unchanged: [],
    },
  ],
  next_cursor: null,
  total: 2,
};

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

it('shows counts, classes and each image that differs', async () => {
  server.use(answer('get', '/workspace/w1/snapshot/v1/diff/v2', diff));
  await renderPanel(<DiffView workspaceId="w1" base="v1" target="v2" />);
  expect(await screen.findByRole('radio', { name: 'all 2' })).toBeChecked();
  expect(screen.getByRole('radio', { name: 'removed 1' })).toBeInTheDocument();
  expect(screen.getByRole('rowheader', { name: 'WBC' })).toBeInTheDocument();
  expect(screen.getByText('before (v1)')).toBeVisible();
  expect(screen.getAllByRole('listitem')).toHaveLength(2);
  const pictures = [...document.querySelectorAll('img')].map((img) => img.getAttribute('src'));
  expect(pictures).toEqual(Array(2).fill('/api/workspace/w1/content/abcdef0123/preview?size=256'));
});

it('says in words what a box was and is', async () => {
  server.use(answer('get', '/workspace/w1/snapshot/v1/diff/v2', diff));
  const user = userEvent.setup();
  await renderPanel(<DiffView workspaceId="w1" base="v1" target="v2" />);
  await user.click(await screen.findByRole('button', { name: /a\.jpg/ }));
  const dialog = await screen.findByRole('dialog', { name: 'a.jpg' });
  const row = within(dialog).getByRole('row', { name: /relabelled/ });
  expect(
    within(row)
      .getAllByRole('cell')
      .map((cell) => cell.textContent),
  ).toEqual(['relabelled', 'RBC', 'WBC']);
});

it('says so where nothing differs', async () => {
  const same = { ...diff, counts: { items: 0, other_files: 0 }, classes: {}, items: [], total: 0 };
  server.use(answer('get', '/workspace/w1/snapshot/v1/diff/v2', same));
  await renderPanel(<DiffView workspaceId="w1" base="v1" target="v2" />);
  expect(await screen.findByTestId('diff-same')).toHaveTextContent('v1 and v2 hold the same.');
});
