// @ts-check
import { expect, test } from 'vitest';
import { savedFilter } from './savedFilter.js';
import { filterKey } from './selection.js';

test('a stored filter is the one that the address holds', () => {
  const filter = savedFilter({
    split: 'val',
    class_name: 'RBC',
    text: null,
    attribute: [{ name: 'brightness', min: 20, max: null }],
  });
  expect(filterKey(filter)).toBe(
    filterKey({
      split: 'val',
      class_names: ['RBC'],
      attribute: [{ name: 'brightness', min: 20 }],
    }),
  );
});

test('no condition stays none', () => {
  expect(savedFilter({})).toEqual({});
});
