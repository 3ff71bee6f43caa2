// @ts-check
import { expect, it } from 'vitest';
import { CARDS, cardOf, incomplete, missingNeeds, wireStrategy } from './strategies.js';

/** @type {import('./strategies.js').Means} */
const bare = { labels: true, vectors: false, attributes: false, reports: false, scores: false };
/** @param {string} kind */
const missing = (kind, means = bare) =>
  missingNeeds(/** @type {import('./strategies.js').Card} */ (cardOf(kind)), means);

it('says what a strategy lacks', () => {
  expect(missing('random')).toEqual([]);
  expect(missing('stratified')).toEqual([]);
  expect(missing('diversity')).toEqual(['vectors']);
  expect(missing('match_target')).toEqual(['reports', 'features']);
  expect(missing('match_target', { ...bare, reports: true, attributes: true })).toEqual([]);
  expect(missing('threshold', { ...bare, scores: true })).toEqual([]);
});

it('has every kind of the service once', () => {
  expect(CARDS.map((card) => card.kind).sort()).toEqual([
    'balance',
    'combine',
    'coverage',
    'dedup',
    'diversity',
    'match_target',
    'random',
    'similar',
    'stratified',
    'threshold',
    'typicality',
  ]);
});

it('knows when a form is not complete', () => {
  expect(incomplete({ kind: 'random' })).toBeNull();
  expect(incomplete({ kind: 'threshold', field: '' })).toBe('field');
  expect(incomplete({ kind: 'combine', parts: [] })).toBe('parts');
  expect(
    incomplete({
      kind: 'combine',
      parts: [{ strategy: { kind: 'similar', item_ids: [] }, weight: 1 }],
    }),
  ).toBe('items');
});

it('sends what is set, in the words of the service', () => {
  expect(
    wireStrategy({
      kind: 'threshold',
      field: 'drift_score:r1',
      min: 0.7,
      max: null,
      ascending: false,
    }),
  ).toEqual({
    kind: 'threshold',
    field: 'drift_score',
    report_id: 'r1',
    min: 0.7,
    ascending: false,
  });
  expect(
    wireStrategy({
      kind: 'combine',
      parts: [{ strategy: { kind: 'dedup', threshold: null }, weight: 2 }],
    }),
  ).toEqual({ kind: 'combine', parts: [{ strategy: { kind: 'dedup' }, weight: 2 }] });
});
