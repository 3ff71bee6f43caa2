// @ts-check
/** @typedef {import('./filterParams.js').ItemFilter} ItemFilter */
/**
 * A filter as the API keeps it, as the address holds it: one class is a list of one, ranges lose their nulls.
 * @param {Record<string, unknown>} stored
 * @returns {ItemFilter}
 */
export function savedFilter(stored) {
  const { class_name: one, ...rest } = /** @type {Record<string, unknown>} */ (
    withoutNulls(stored)
  );
  const filter = /** @type {ItemFilter} */ (rest);
  if (typeof one === 'string' && !filter.class_names) filter.class_names = [one];
  return filter;
}

/** @param {unknown} value @returns {unknown} */
function withoutNulls(value) {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutNulls(entry)]));
}
