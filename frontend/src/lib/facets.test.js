// @ts-check
import { expect, it } from 'vitest';
import { attributeFields, binsOf, countsOf, scoredReports, sortFields } from './facets.js';

/** @param {number | null} min @returns {import('../api/queries/types.d.ts').Bins} */
const bins = (min) => ({ kind: 'bins', min, max: min, counts: [0], missing: 0 });
/** @type {import('./facets.js').Histograms} */
const all = {
  total: 3,
  data_version: '1',
  fields: {
    split: { kind: 'counts', values: { train: 3 } },
    annotation_count: bins(0),
    width: bins(1),
    brightness: bins(0.5),
    sharpness: bins(null),
    'drift_score:r1': bins(0),
    cluster: { kind: 'counts', values: { 0: 3 } },
  },
};

it('finds the attributes and reports that have values', () => {
  expect(attributeFields(all)).toEqual(['brightness']);
  expect(scoredReports(all)).toEqual(['r1']);
});

it('sorts by all of them', () => {
  expect(sortFields(all)).toContain('drift_score:r1');
  expect(sortFields(all)).toContain('cluster');
  expect(sortFields(undefined)).toContain('name');
});

it('reads nothing where there is nothing', () => {
  expect(binsOf(all.fields.sharpness)).toBeUndefined();
  expect(binsOf(all.fields.split)).toBeUndefined();
  expect(countsOf(undefined)).toEqual({});
});
