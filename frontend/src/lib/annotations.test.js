// @ts-check
import { expect, it } from 'vitest';
import { classCounts, shapeOf } from './annotations.js';

it('draws a box as it is', () => {
  const box = { x: 1, y: 2, width: 3, height: 4 };
  expect(shapeOf({ class_name: 'a', kind: 'box', box, polygons: [] })).toEqual({
    label: 'a',
    box,
    rings: [],
  });
});

it('encloses a polygon that has no box', () => {
  const shape = shapeOf({
    class_name: 'a',
    kind: 'polygon',
    box: null,
    polygons: [[1, 5, 7, 2, 4, 9]],
  });
  expect(shape?.box).toEqual({ x: 1, y: 2, width: 6, height: 7 });
  expect(shape?.rings).toEqual(['1,5 7,2 4,9']);
});

it('has no shape for a class of the whole image', () => {
  expect(shapeOf({ class_name: 'a', kind: 'class', box: null, polygons: [] })).toBeNull();
});

it('survives a ring of a hundred thousand points', () => {
  const ring = Array.from({ length: 200_000 }, (_, index) => index);
  expect(shapeOf({ class_name: 'a', kind: 'polygon', polygons: [ring] })?.box.width).toBe(199_998);
});

it('counts classes, most frequent first', () => {
  /** @param {string} name */
  const of = (name) => ({ class_name: name, kind: /** @type {const} */ ('class') });
  expect(classCounts([of('b'), of('a'), of('b')])).toEqual([
    ['b', 2],
    ['a', 1],
  ]);
});
