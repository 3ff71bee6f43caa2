// @ts-check
import { formatCount } from './format.js';
import { savedFilter } from './savedFilter.js';

/** @typedef {import('../api/queries/types.d.ts').Recipe} Recipe */

/** @param {string} text @returns {Recipe | null} null where it is not a recipe */
export function readRecipe(text) {
  try {
    const data = JSON.parse(text);
    return typeof data?.recipe === 'number' && Array.isArray(data.steps) ? data : null;
  } catch {
    return null;
  }
}

/** The split or class that a step leads to. @param {Record<string, unknown>} params */
export const targetOf = (params) => String(params.target_split ?? params.new_label ?? '');

/**
 * Which images a step is about, in words.
 * @param {Record<string, unknown>} params
 * @param {import('i18next').TFunction} t
 */
export function selectionWords(params, t) {
  const selection = /** @type {Record<string, unknown> | undefined} */ (params.selection);
  if (!selection) return '';
  if (Array.isArray(selection.item_ids)) {
    const count = selection.item_ids.length;
    return t('curation.recipe.chosen', { count, n: formatCount(count) });
  }
  if (!selection.filter) return t('curation.recipe.sample');
  const filter = savedFilter(/** @type {Record<string, unknown>} */ (selection.filter));
  const words = Object.entries(filter).map(([key, value]) => `${key} = ${plain(value)}`);
  return words.length > 0 ? words.join(' · ') : t('curation.recipe.everything');
}

/** @param {unknown} value */
const plain = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
