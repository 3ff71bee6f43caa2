// @ts-check
import { expect, it } from 'vitest';
import { NODE_HEIGHT, placeNodes } from './lineageLayout.js';
import { linkOfNode } from './lineageLinks.js';

/** @param {string} id @param {import('./lineageLinks.js').LineageNode['type']} type */
const node = (id, type) => ({
  id,
  type,
  label: id,
  created_at: '2026-01-01T00:00:00Z',
  detail: {},
});
const nodes = [
  node('d', 'dataset'),
  node('v1', 'snapshot'),
  node('v2', 'snapshot'),
  node('r', 'run'),
];
const edges = [
  { from: 'd', to: 'v1', relation: 'created-from' },
  { from: 'v1', to: 'v2', relation: 'parent' },
  { from: 'v1', to: 'r', relation: 'trained-on' },
  { from: 'gone', to: 'v2', relation: 'parent' },
];

it('places what came later further right, and nothing on top of another', () => {
  const places = placeNodes({ nodes, edges });
  const x = (/** @type {string} */ id) => places.get(id)?.x ?? Number.NaN;
  expect(x('d')).toBeLessThan(x('v1'));
  expect(x('v1')).toBeLessThan(x('v2'));
  expect(x('v2')).toBe(x('r'));
  const [a, b] = [places.get('v2')?.y ?? 0, places.get('r')?.y ?? 0];
  expect(Math.abs(a - b)).toBeGreaterThanOrEqual(NODE_HEIGHT);
});

it('leads to the screen of each thing', () => {
  expect(linkOfNode(node('v1', 'snapshot'), 'w')).toBe('/w/w/snapshots?snapshot=v1');
  expect(linkOfNode(node('r 1', 'run'), 'w')).toBe('/w/w/experiments?run=r%201');
  expect(linkOfNode(node('d', 'dataset'), 'w')).toBeNull();
});
