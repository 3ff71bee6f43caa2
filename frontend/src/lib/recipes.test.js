// @ts-check
import { expect, test } from 'vitest';
import { readRecipe, selectionWords, targetOf } from './recipes.js';

/** @type {any} */
const t = (/** @type {string} */ key, /** @type {{n?: string}} */ { n = '' } = {}) => key + n;

test('only a recipe is read as one', () => {
  expect(readRecipe('{"recipe":1,"name":"a","steps":[]}')?.steps).toEqual([]);
  for (const text of ['', '[]', '{"steps":[]}', '{"recipe":1}', 'null']) {
    expect(readRecipe(text)).toBeNull();
  }
});

test('a step says which images it is about, and where they go', () => {
  expect(targetOf({ target_split: 'val' })).toBe('val');
  const words = (/** @type {object} */ selection) => selectionWords({ selection }, t);
  expect(words({ filter: { split: 'val', text: null } })).toBe('split = val');
  expect(words({ filter: {} })).toBe('curation.recipe.everything');
  expect(words({ item_ids: ['a', 'b'] })).toBe('curation.recipe.chosen2');
  expect(words({ sample_id: 's1' })).toBe('curation.recipe.sample');
});
