// @ts-check
import { expect, it } from 'vitest';
import { CLASS_COLORS, rampColor } from './classColors.js';
import { painter } from './colorBy.js';

/** @type {import('./colorBy.js').Item} */
const item = {
  item_id: '1',
  file_name: 'a.jpg',
  split: 'val',
  width: 10,
  height: 10,
  bytes: 1,
  content_hash: 'x',
  classes: ['WBC', 'RBC'],
  annotation_count: 5,
  annotated: true,
  attributes: { brightness: 0.25 },
  thumbnail_url: '/t',
  color: '#000000',
};
const context = {
  classes: ['RBC', 'WBC'],
  splits: ['train', 'val'],
  rangeOf: (/** @type {string} */ field) =>
    field === 'brightness'
      ? { min: 0, max: 1 }
      : field === 'annotation_count'
        ? { min: 5, max: 5 }
        : undefined,
};

it('marks an item by class, split, count or attribute, always with its text', () => {
  expect(painter('', context)(item)).toBeNull();
  expect(painter('class', context)(item)).toEqual({ color: CLASS_COLORS[1], text: 'WBC +1' });
  expect(painter('split', context)(item)).toEqual({ color: CLASS_COLORS[1], text: 'val' });
  expect(painter('brightness', context)(item)).toEqual({ color: rampColor(0.25), text: '0.25' });
  expect(painter('annotation_count', context)(item)).toEqual({ color: rampColor(0.5), text: '5' });
});

it('leaves an item without the value unmarked', () => {
  expect(painter('class', context)({ ...item, classes: [] })).toBeNull();
  expect(painter('sharpness', context)(item)).toBeNull();
});
