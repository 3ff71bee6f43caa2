// @ts-check
/** @typedef {{key: number, name: string, percent: number}} Share */
/** @typedef {import('../api/queries/types.d.ts').SplitRequest} SplitRequest */

/**
 * The shares as they are now, or the usual ones where there is only one split.
 * @param {Record<string, number>} splits items per split
 * @returns {Share[]}
 */
export function startShares(splits) {
  const total = Object.values(splits).reduce((sum, count) => sum + count, 0);
  const present = Object.entries(splits).filter(([, count]) => count > 0);
  if (present.length < 2) {
    return [
      { key: 1, name: 'train', percent: 70 },
      { key: 2, name: 'val', percent: 15 },
      { key: 3, name: 'test', percent: 15 },
    ];
  }
  return present.map(([name, count], at) => ({
    key: at + 1,
    name,
    percent: Math.max(1, Math.round((count / total) * 100)),
  }));
}

/**
 * What goes to the API, or null while something is missing: a name, a share, or a split that may change.
 * @param {Omit<SplitRequest, 'ratios'> & {shares: readonly Share[]}} form
 * @returns {SplitRequest | null}
 */
export function splitRequest({ shares, ...options }) {
  const open = shares.filter(({ name }) => !options.frozen.includes(name.trim()));
  const names = open.map(({ name }) => name.trim());
  const complete = open.length > 0 && open.every(({ percent }) => percent > 0);
  if (!complete || names.includes('') || new Set(names).size !== names.length) return null;
  return {
    ...options,
    stratified: options.stratified && !options.stable,
    ratios: Object.fromEntries(open.map(({ name, percent }) => [name.trim(), percent / 100])),
  };
}
