// @ts-check
import { expect, it } from 'vitest';
import { boxChanges, shapesOfDiff } from './diffShapes.js';

/** @param {string} name @param {number} x @returns {import('../api/queries/types.d.ts').Annotation} */
const box = (name, x) => ({
  class_name: name,
  kind: 'box',
  box: { x, y: 0, width: 5, height: 5 },
  polygons: [],
  extra: {},
});
/** @type {import('../api/queries/types.d.ts').DiffItem} */
const item = {
  item_id: '1',
  file_name: 'a.jpg',
  change: 'relabelled',
  changes: ['relabelled'],
  old: { path: 'a', split: 'train', content_hash: 'x', width: 10, height: 10 },
  new: { path: 'a', split: 'train', content_hash: 'x', width: 10, height: 10 },
  annotations: {
    added: [box('RBC', 1)],
    removed: [box('WBC', 2)],
    moved: [{ old: box('RBC', 3), new: box('RBC', 4) }],
    relabelled: [{ old: box('RBC', 5), new: box('WBC', 5) }],
    changed: [],
    unchanged: 1,
  },
  unchanged: [box('RBC', 9)],
};

it('draws the old state dashed, the new one solid and the rest faded', () => {
  const shapes = shapesOfDiff(item, (name) => name);
  const at = (/** @type {(s: import('./diffShapes.js').DrawnShape) => boolean} */ test) =>
    shapes.filter(test).map((shape) => `${shape.color}${shape.shape.box.x}`);
  expect(at((shape) => Boolean(shape.dashed))).toEqual(['WBC2', 'RBC3', 'RBC5']);
  expect(at((shape) => !shape.dashed && !shape.faded)).toEqual(['RBC1', 'RBC4', 'WBC5']);
  expect(at((shape) => Boolean(shape.faded))).toEqual(['RBC9']);
  expect(new Set(shapes.map((shape) => shape.key)).size).toBe(7);
});

it('says the same in words', () => {
  expect(boxChanges(item.annotations)).toEqual([
    { kind: 'added', from: '', to: 'RBC' },
    { kind: 'removed', from: 'WBC', to: '' },
    { kind: 'moved', from: 'RBC', to: 'RBC' },
    { kind: 'relabelled', from: 'RBC', to: 'WBC' },
  ]);
});
