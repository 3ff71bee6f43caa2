// @ts-check
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { renderAt } from '../../../tests/render.jsx';
import { NewClusters } from './NewClusters.jsx';
import { ShiftRange } from './ShiftRange.jsx';

/** @type {Record<string, string>} */
let asked = {};
const server = setupServer(
  http.get('*/api/workspaces', () =>
    HttpResponse.json({ workspaces: [], next_cursor: null, total: 0 }),
  ),
  http.get('*/api/drift/r1/ids', ({ request }) => {
    asked = Object.fromEntries(new URL(request.url).searchParams);
    return HttpResponse.json(['00000000000000aa', '00000000000000bb']);
  }),
);
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const report = /** @type {import('../../api/model.d.ts').DriftReport} */ (
  /** @type {unknown} */ ({
    report_id: 'r1',
    base: { name: 'old', workspace_id: null, dataset_id: 'd1' },
    target: { name: 'new', workspace_id: 'w2', dataset_id: null },
    workspaces: {},
    new_clusters: [
      {
        id: 7,
        base: 0,
        target: 2,
        base_share: 0,
        target_share: 0.1,
        ratio: 9,
        p_value: 0.001,
        examples: ['00000000000000aa'],
      },
    ],
  })
);
const edges = [0, 1, 2, 3, 4];
const shift = /** @type {import('../../api/model.d.ts').Shift} */ (
  /** @type {unknown} */ ({
    name: 'noise',
    base_histogram: { edges, counts: [4, 1, 0, 0] },
    target_histogram: { edges, counts: [0, 1, 2, 7] },
  })
);

test('a picked range leads to its images in the workspace of a side, open where the last bin holds all beyond', async () => {
  renderAt(<ShiftRange report={report} shift={shift} name="Noise" label="Noise is higher" />);
  const picker = screen.getByRole('slider', { name: 'Noise' });
  picker.focus();
  await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}');
  expect(picker).toHaveAttribute('aria-valuetext', '2 to 3: 0% of the base, 20% of the target');
  await userEvent.keyboard('{Shift>}{ArrowRight}{/Shift}{Enter}');
  expect(await screen.findByText('2 – 4 picked:')).toBeVisible();
  const link = screen.getByRole('link', { name: "Work on the target's images" });
  const place = new URL(link.getAttribute('href') ?? '', 'http://x');
  expect([place.pathname, place.searchParams.get('attr')]).toEqual(['/w/w2/data', 'noise:2..']);
  expect(screen.getByText('The base has no workspace yet')).toBeVisible();
});

test('a new cluster is a selection of all its images', async () => {
  renderAt(<NewClusters report={report} />);
  await userEvent.click(await screen.findByRole('button', { name: 'Work on all of them' }));
  await expect.poll(() => asked).toEqual({ side: 'target', cluster: '7', limit: '100000' });
});
