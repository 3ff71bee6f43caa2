// @ts-check
import { expect, test } from 'vitest';
import { panned, toData, toPixels, zoomed } from './camera.js';
import { nearestPoint, pointsInPolygon } from './lasso.js';
import { colorBy, fitCamera, idsOf, maskOf, parseMap } from './mapData.js';
import { paletteOf } from './palette.js';

const FIRST = 0x00ff_0000_0000_0000n;
/** @param {number} i */
const id = (i) => `00ff00000000000${i}`;

/** @param {number} n @param {string} [pad] */
function encode(n, pad = '') {
  const head = JSON.stringify({
    n,
    encoder: 'descriptor-1',
    projection: 'pca',
    splits: ['train', 'val'],
    columns: ['item_id:u8', 'x:f4', 'y:f4', 'cluster:i4', 'split:u1'],
  });
  const padded = head + pad;
  const line = new TextEncoder().encode(
    `${padded}${' '.repeat((8 - ((padded.length + 1) % 8)) % 8)}\n`,
  );
  const columns = [
    new BigUint64Array(n).map((_, i) => FIRST + BigInt(i)),
    new Float32Array(n).map((_, i) => i),
    new Float32Array(n).map((_, i) => -i),
    new Int32Array(n).map((_, i) => (i % 3) - 1),
    new Uint8Array(n).map((_, i) => i % 2),
  ];
  const bytes = new Uint8Array(line.length + 21 * n);
  bytes.set(line);
  let at = line.length;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer), at);
    at += column.byteLength;
  }
  return bytes.buffer;
}

test('the binary map is read column by column, whatever the length of its head', () => {
  for (const pad of ['', ' ', '  ', '   ']) {
    const map = parseMap(encode(7, pad));
    expect(map.n).toBe(7);
    expect([...map.y]).toEqual([-0, -1, -2, -3, -4, -5, -6]);
    expect([...map.cluster]).toEqual([-1, 0, 1, -1, 0, 1, -1]);
    expect([...map.split]).toEqual([0, 1, 0, 1, 0, 1, 0]);
    expect(map.itemIds.at(6)).toBe(id(6));
  }
});

test('a map without a head is refused', () => {
  expect(() => parseMap(new ArrayBuffer(8))).toThrow(RangeError);
});

test('points in no cluster have a colour of their own, and the largest group comes first', () => {
  const { codes, categories } = colorBy(parseMap(encode(7)), 'cluster');
  expect([...codes]).toEqual([0, 1, 2, 0, 1, 2, 0]);
  expect(categories[0]).toEqual({ code: 0, count: 3, value: -1 });
});

test('a lasso takes what lies inside, by the even-odd rule', () => {
  const x = Float32Array.of(1, 5, 9, 5);
  const y = Float32Array.of(1, 5, 9, 8);
  const square = Float64Array.of(0, 0, 6, 0, 6, 6, 0, 6);
  expect([...pointsInPolygon(x, y, square).mask]).toEqual([1, 1, 0, 0]);
  expect(pointsInPolygon(x, y, square, (i) => i !== 1).count).toBe(1);
  expect(pointsInPolygon(x, y, new Float64Array(0)).count).toBe(0);
});

test('finds those of a million points that lie in a circle', () => {
  const n = 1_000_000;
  const x = new Float32Array(n).map(() => Math.random());
  const y = new Float32Array(n).map(() => Math.random());
  const circle = Float64Array.from({ length: 120 }, (_, i) => {
    const angle = (Math.floor(i / 2) / 60) * 2 * Math.PI;
    return 0.5 + 0.4 * (i % 2 ? Math.sin(angle) : Math.cos(angle));
  });
  const { count } = pointsInPolygon(x, y, circle);
  expect(count / n).toBeCloseTo(Math.PI * 0.16, 1);
});

test('the nearest point is found within reach and not beyond', () => {
  const x = Float32Array.of(0, 10);
  const y = Float32Array.of(0, 10);
  expect(nearestPoint(x, y, 9, 9, 3)).toBe(1);
  expect(nearestPoint(x, y, 5, 5, 3)).toBe(-1);
  expect(nearestPoint(x, y, 9, 9, 3, () => false)).toBe(-1);
});

test('ids go to a mask and back', () => {
  const map = parseMap(encode(5));
  const { mask, count } = maskOf(map, new Set([id(1), id(4), 'ffffffffffffffff']));
  expect(count).toBe(2);
  const ids = idsOf(map, mask, count);
  expect([...ids]).toEqual([id(1), id(4)]);
  expect([ids.has(id(1)), ids.has(id(2)), ids.size]).toEqual([true, false, 2]);
  expect(maskOf(map, ids).mask).toBe(mask);
});

test('pixels and data agree, and zooming keeps the place under the pointer', () => {
  const size = { width: 800, height: 400 };
  const camera = { x: 3, y: -2, zoom: 0.7 };
  const [x, y] = toData(camera, size, 123, 321);
  expect(toPixels(camera, size, x, y).map(Math.round)).toEqual([123, 321]);
  const near = zoomed(camera, size, 2.5, 123, 321);
  expect(toData(near, size, 123, 321).map((v) => v.toFixed(6))).toEqual([
    x.toFixed(6),
    y.toFixed(6),
  ]);
  const moved = panned(camera, size, 40, -25);
  expect(toPixels(moved, size, x, y).map(Math.round)).toEqual([163, 296]);
});

test('one far outlier does not squeeze the rest of the map', () => {
  const x = new Float32Array(1000).map((_, i) => i / 1000);
  x[500] = 1e6;
  const camera = fitCamera(x, new Float32Array(1000));
  expect(camera.zoom).toBeGreaterThan(1);
});

test('a hidden category is transparent, the others are not', () => {
  const palette = paletteOf([0, 1, 2], new Set([1]));
  expect([palette[3], palette[7], palette[11]]).toEqual([255, 0, 255]);
});
