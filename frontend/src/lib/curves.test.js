// @ts-check
import { expect, it } from 'vitest';
import { curvePath, domainOf, nearestPoint, ticksOf } from './curves.js';

/** @param {(number | null)[]} values */
const history = (...values) => values.map((value, step) => ({ step, value, timestamp: 0 }));

it('spans all histories and leaves room around them', () => {
  const domain = domainOf([history(1, 3), history(2, 5, 4)]);
  expect(domain?.x).toEqual([0, 2]);
  expect(domain?.y[0]).toBeLessThan(1);
  expect(domain?.y[1]).toBeGreaterThan(5);
});

it('has no domain without a number', () => {
  expect(domainOf([[], history(null)])).toBeNull();
});

it('leaves a gap where a value is no number', () => {
  const path = curvePath(
    history(0, null, 1, 1),
    { x: [0, 3], y: [0, 1] },
    { width: 30, height: 10 },
  );
  expect(path).toBe('M0.0 10.0M20.0 0.0L30.0 0.0');
});

it('draws one point in the middle', () => {
  expect(curvePath(history(1), { x: [0, 0], y: [0, 2] }, { width: 30, height: 10 })).toBe(
    'M15.0 5.0',
  );
});

it('puts ticks on round numbers', () => {
  expect(ticksOf([0, 1])).toEqual([0, 0.5, 1]);
  expect(ticksOf([0.03, 0.97])).toEqual([0.5]);
  expect(ticksOf([0, 100])).toEqual([0, 50, 100]);
  expect(ticksOf([5, 5])).toEqual([5]);
});

it('finds the nearest point with a value', () => {
  expect(nearestPoint(history(1, null, 3), 1)?.step).toBe(0);
  expect(nearestPoint([], 1)).toBeUndefined();
});
