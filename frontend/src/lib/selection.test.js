// @ts-check
import { expect, test } from 'vitest';
import {
  countOf,
  EmptySelectionError,
  filterKey,
  getSelection,
  isSelected,
  NOTHING,
  ofFilter,
  ofIds,
  ofSample,
  setSelected,
  setSelection,
  toBody,
  toggled,
} from './selection.js';

test('nothing selected cannot be sent, however it came about', () => {
  expect(() => toBody(NOTHING)).toThrow(EmptySelectionError);
  expect(() => toBody(toggled(ofIds(['a']), 'a'))).toThrow(EmptySelectionError);
  expect(() => toBody(ofFilter({}, 0))).toThrow(EmptySelectionError);
  expect(() => toBody(setSelected(ofFilter({}, 2), ['a', 'b'], false))).toThrow(
    EmptySelectionError,
  );
});

test('all that match is sent as the filter with its exceptions, not as ids', () => {
  const some = toggled(ofFilter({ split: 'train' }, 1_000_000), 'a', { split: 'train' });
  expect(countOf(some)).toBe(999_999);
  expect(toBody(some)).toEqual({ filter: { split: 'train' }, except_ids: ['a'] });
});

test('an exception taken back is selected again', () => {
  const shown = { split: 'val' };
  const all = ofFilter(shown, 3);
  const less = toggled(all, 'a', shown);
  expect(isSelected(less, 'a', shown)).toBe(false);
  expect(isSelected(toggled(less, 'a', shown), 'a', shown)).toBe(true);
});

test('under another filter a selection of all does not claim what it shows', () => {
  const all = ofFilter({ split: 'train' }, 10);
  expect(isSelected(all, 'x', { split: 'val' })).toBe(false);
  expect(toBody(toggled(all, 'x', { split: 'val' }))).toEqual({ item_ids: ['x'] });
});

test('equal filters are one filter, whatever order they were built in', () => {
  expect(filterKey({ class_names: ['b', 'a'], split: 'train' })).toBe(
    filterKey({ split: 'train', class_names: ['a', 'b'], text: undefined }),
  );
  expect(filterKey({ split: 'train' })).not.toBe(filterKey({ split: 'val' }));
});

test('a sample is sent by its id', () => {
  expect(toBody(ofSample('s1', 200))).toEqual({ sample_id: 's1' });
  expect(countOf(ofSample('s1', 200))).toBe(200);
});

test('each workspace has a selection of its own', () => {
  setSelection('w1', ofIds(['a']));
  setSelection('w2', (before) => setSelected(before, ['b', 'c'], true));
  expect(countOf(getSelection('w1'))).toBe(1);
  expect(countOf(getSelection('w2'))).toBe(2);
  expect(countOf(getSelection('w3'))).toBe(0);
});
