// @ts-check
import { describe, expect, it } from 'vitest';
import {
  conditionCount,
  filterFromParams,
  paramsWithFilter,
  withAttribute,
} from './filterParams.js';

/** @type {import('./filterParams.js').ItemFilter} */
const full = {
  split: 'train',
  class_names: ['RBC', '혈소판 a:b'],
  text: 'Blood',
  has_annotations: false,
  annotation_count: { min: 1, max: 30 },
  attribute: [
    { name: 'brightness', min: 0.25, max: 0.5 },
    { name: 'sharpness', max: 12.125 },
  ],
  drift_score: { report_id: 'r-1', min: 0.7 },
  cluster: 0,
  duplicate_group: 3,
  ids: ['a1', 'b2'],
};

describe('the filter in the URL', () => {
  it('comes back as it was written, with every field', () => {
    const params = paramsWithFilter(new URLSearchParams(), full);
    expect(filterFromParams(new URLSearchParams(params.toString()))).toEqual(full);
  });

  it('keeps the other parameters', () => {
    const params = paramsWithFilter(new URLSearchParams('sort=-score&split=val'), { text: 'x' });
    expect(params.get('sort')).toBe('-score');
    expect(params.get('split')).toBeNull();
  });

  it('ignores what it cannot read', () => {
    const params = new URLSearchParams(
      'annotated=maybe&count=abc&attr=nonsense&attr=a:..&score=:1..2&cluster=x',
    );
    expect(filterFromParams(params)).toEqual({});
  });

  it('keeps negative and small numbers', () => {
    const filter = { attribute: [{ name: 'a', min: -0.000012, max: 1e21 }] };
    expect(filterFromParams(paramsWithFilter(new URLSearchParams(), filter))).toEqual(filter);
  });

  it('counts its conditions', () => {
    expect(conditionCount({})).toBe(0);
    expect(conditionCount(full)).toBe(12);
  });
});

it('replaces and drops the range of one attribute', () => {
  const one = withAttribute({}, 'brightness', { min: 1 });
  expect(withAttribute(one, 'brightness', { max: 2 })).toEqual({
    attribute: [{ name: 'brightness', max: 2 }],
  });
  expect(withAttribute(one, 'brightness', undefined)).toEqual({});
});
