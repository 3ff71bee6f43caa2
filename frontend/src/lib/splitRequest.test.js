// @ts-check
import { expect, test } from 'vitest';
import { splitRequest, startShares } from './splitRequest.js';

const options = {
  stratified: true,
  group_by: /** @type {const} */ ('none'),
  stable: false,
  frozen: /** @type {string[]} */ ([]),
  seed: 3,
};
const shares = [
  { key: 1, name: 'train', percent: 80 },
  { key: 2, name: ' val ', percent: 20 },
];

test('shares start as the set is divided now', () => {
  expect(startShares({ train: 300, val: 100, empty: 0 })).toEqual([
    { key: 1, name: 'train', percent: 75 },
    { key: 2, name: 'val', percent: 25 },
  ]);
  expect(startShares({ train: 5 }).map(({ name }) => name)).toEqual(['train', 'val', 'test']);
});

test('percent become ratios, and frozen splits take no share', () => {
  expect(splitRequest({ ...options, shares })).toMatchObject({
    ratios: { train: 0.8, val: 0.2 },
    stratified: true,
    seed: 3,
  });
  expect(splitRequest({ ...options, shares, frozen: ['val'] })?.ratios).toEqual({ train: 0.8 });
  expect(splitRequest({ ...options, shares, stable: true })?.stratified).toBe(false);
});

test('nothing is asked while a name or a share is missing', () => {
  const [train] = shares;
  for (const wrong of [
    [],
    [{ key: 1, name: '', percent: 10 }],
    [{ key: 1, name: 'a', percent: 0 }],
    [train, { ...train, key: 9 }],
  ]) {
    expect(splitRequest({ ...options, shares: /** @type {typeof shares} */ (wrong) })).toBeNull();
  }
  expect(splitRequest({ ...options, shares, frozen: ['train', 'val'] })).toBeNull();
});
