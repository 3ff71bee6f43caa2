// @ts-check
import { classColors, rampColor } from './classColors.js';
import { formatCount, formatNumber } from './format.js';

/** @typedef {import('../api/queries/types.d.ts').Item} Item */
/** @typedef {{color: string, text: string}} Mark */
/**
 * @typedef {object} ColorContext
 * @property {readonly string[]} classes in the workspace's fixed order
 * @property {readonly string[]} splits
 * @property {(field: string) => {min: number, max: number} | undefined} rangeOf of a numeric field over all items
 */

/** Values of `color` in the address that are not attribute names. */
export const COLOR_FIELDS = Object.freeze(['class', 'split', 'annotation_count']);

/**
 * How the grid marks an item: the colour stands beside its text, so nothing depends on seeing the colour.
 * @param {string} field empty for no mark
 * @param {ColorContext} context
 * @returns {(item: Item) => Mark | null}
 */
export function painter(field, { classes, splits, rangeOf }) {
  if (field === '') return () => null;
  const [colorOfClass, colorOfSplit] = [classColors(classes), classColors(splits)];
  if (field === 'class') {
    return ({ classes: [first, ...more] }) => {
      if (first === undefined) return null;
      return {
        color: colorOfClass(first),
        text: more.length > 0 ? `${first} +${more.length}` : first,
      };
    };
  }
  if (field === 'split') return ({ split }) => ({ color: colorOfSplit(split), text: split });
  const range = rangeOf(field);
  const count = field === 'annotation_count';
  return (item) => {
    const value = count ? item.annotation_count : item.attributes[field];
    if (value === undefined || !range) return null;
    const share = range.max > range.min ? (value - range.min) / (range.max - range.min) : 0.5;
    return { color: rampColor(share), text: count ? formatCount(value) : formatNumber(value) };
  };
}
