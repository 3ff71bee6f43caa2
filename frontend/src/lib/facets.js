// @ts-check
/** Reads the histograms of a view for the filter sidebar. */
/** @typedef {import('../api/queries/types.d.ts').Histograms} Histograms */
/** @typedef {import('../api/queries/types.d.ts').FieldSummary} FieldSummary */
/** @typedef {{min: number, max: number, counts: readonly number[]}} Bins */

const SCORE_PREFIX = 'drift_score:';
/** Numeric fields of every item; every other binned field is an attribute, `outlier` or a drift score. */
export const ITEM_FIELDS = Object.freeze(['annotation_count', 'width', 'height', 'bytes']);

/** @param {FieldSummary | undefined} summary @returns {Bins | undefined} undefined where no item has a value */
export function binsOf(summary) {
  if (summary?.kind !== 'bins' || summary.min === null || summary.max === null) return undefined;
  return { min: summary.min, max: summary.max, counts: summary.counts };
}

/** @param {FieldSummary | undefined} summary @returns {Record<string, number>} */
export function countsOf(summary) {
  return summary?.kind === 'counts' ? summary.values : {};
}

/** Attributes that have values, in the order of the service. @param {Histograms | undefined} all */
export function attributeFields(all) {
  return Object.keys(all?.fields ?? {}).filter(
    (field) =>
      !ITEM_FIELDS.includes(field) &&
      !field.startsWith(SCORE_PREFIX) &&
      binsOf(all?.fields[field]) !== undefined,
  );
}

/** Reports that scored these items. @param {Histograms | undefined} all */
export function scoredReports(all) {
  return Object.keys(all?.fields ?? {})
    .filter((field) => field.startsWith(SCORE_PREFIX) && binsOf(all?.fields[field]) !== undefined)
    .map((field) => field.slice(SCORE_PREFIX.length));
}

/** @param {string} reportId */
export const scoreField = (reportId) => `${SCORE_PREFIX}${reportId}`;

/** Every field that a list can be sorted by. @param {Histograms | undefined} all */
export function sortFields(all) {
  return [
    'name',
    'split',
    ...ITEM_FIELDS,
    ...attributeFields(all),
    ...scoredReports(all).map(scoreField),
    ...(all?.fields.cluster ? ['cluster'] : []),
  ];
}
