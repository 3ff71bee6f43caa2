// @ts-check
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { renderAt } from '../../../tests/render.jsx';
import { FilterHistogram } from './FilterHistogram.jsx';

const summary = /** @type {import('../../api/model.d.ts').AttributeSummary} */ ({
  min: 0,
  max: 4,
  p50: 2,
  histogram: { edges: [0, 1, 2, 3, 4], counts: [5, 1, 0, 9] },
});

/** @param {{ min?: number, max?: number }} [range] */
function show(range) {
  const onRange = vi.fn();
  renderAt(<FilterHistogram name="Noise" summary={summary} range={range} onRange={onRange} />);
  return onRange;
}

test('arrows move over the bins and say what is in each', async () => {
  show();
  screen.getByRole('slider', { name: 'Noise' }).focus();
  await userEvent.keyboard('{ArrowRight}{ArrowRight}');
  expect(screen.getByRole('slider', { name: 'Noise' })).toHaveAttribute(
    'aria-valuetext',
    '1 to 2, 1 image',
  );
});

test('shift extends over several bins and enter filters by them', async () => {
  const onRange = show();
  screen.getByRole('slider', { name: 'Noise' }).focus();
  await userEvent.keyboard(
    '{ArrowRight}{ArrowRight}{Shift>}{ArrowRight}{ArrowRight}{/Shift}{Enter}',
  );
  expect(onRange).toHaveBeenCalledExactlyOnceWith({ min: 1, max: 4 });
});

test('escape and the cross take the range away', async () => {
  const onRange = show({ min: 1, max: 2 });
  expect(screen.getByText('1 – 2')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Clear the range of Noise' }));
  screen.getByRole('slider', { name: 'Noise' }).focus();
  await userEvent.keyboard('{Escape}');
  expect(onRange.mock.calls).toEqual([[undefined], [undefined]]);
});
