// @ts-check
/**
 * The sampling strategies as forms: which fields each has, what it needs, and what it sends. Kinds and parameters are
 * those of the service (`data/sample-strategies`).
 */
/** @typedef {{kind: string} & Record<string, unknown>} Strategy */
/**
 * @typedef {object} Means what this workspace has
 * @property {boolean} labels
 * @property {boolean} vectors
 * @property {boolean} attributes
 * @property {boolean} reports any drift report
 * @property {boolean} scores a report that scored these items
 */
/** @typedef {'labels' | 'vectors' | 'values' | 'reports' | 'features'} Need */
/**
 * @typedef {object} Card
 * @property {string} kind
 * @property {Need[]} needs all of them
 * @property {boolean} [open] may do without a size
 * @property {(() => Record<string, unknown>)} defaults
 */

/** @type {readonly Card[]} */
export const CARDS = Object.freeze([
  { kind: 'random', needs: [], defaults: () => ({}) },
  { kind: 'stratified', needs: ['labels'], defaults: () => ({}) },
  { kind: 'balance', needs: ['labels'], defaults: () => ({ shares: null }) },
  {
    kind: 'threshold',
    needs: ['values'],
    open: true,
    defaults: () => ({ field: '', min: null, max: null, ascending: false }),
  },
  {
    kind: 'match_target',
    needs: ['reports', 'features'],
    defaults: () => ({ report_id: '', features: 'embedding', with_base: true }),
  },
  { kind: 'diversity', needs: ['vectors'], defaults: () => ({}) },
  { kind: 'typicality', needs: ['vectors'], defaults: () => ({ weight: 1 }) },
  { kind: 'coverage', needs: ['vectors'], defaults: () => ({}) },
  { kind: 'similar', needs: ['vectors'], defaults: () => ({ item_ids: [] }) },
  { kind: 'dedup', needs: ['vectors'], open: true, defaults: () => ({ threshold: null }) },
  { kind: 'combine', needs: [], defaults: () => ({ parts: [] }) },
]);

/** @type {Record<Need, (means: Means) => boolean>} */
const MET = {
  labels: (means) => means.labels,
  vectors: (means) => means.vectors,
  values: (means) => means.attributes || means.scores,
  reports: (means) => means.reports,
  features: (means) => means.vectors || means.attributes,
};

/** @param {string} kind */
export const cardOf = (kind) => CARDS.find((card) => card.kind === kind);

/** What is missing for a strategy; empty when it can run. @param {Card} card @param {Means} means */
export const missingNeeds = (card, means) => card.needs.filter((need) => !MET[need](means));

/**
 * A field name as the service takes it: a drift score is a field with its report.
 * @param {string} field `drift_score:<report>` or a plain field
 */
export function thresholdField(field) {
  const [kind, report] = field.split(':');
  return kind === 'drift_score' && report ? { field: kind, report_id: report } : { field };
}

/**
 * Whether the form is complete enough to send, as the name of what is missing.
 * @param {Strategy} strategy
 * @returns {string | null}
 */
export function incomplete(strategy) {
  switch (strategy.kind) {
    case 'threshold':
      return strategy.field ? null : 'field';
    case 'match_target':
      return strategy.report_id ? null : 'report';
    case 'similar':
      return Array.isArray(strategy.item_ids) && strategy.item_ids.length > 0 ? null : 'items';
    case 'combine': {
      const parts = partsOf(strategy);
      if (parts.length === 0) return 'parts';
      return parts.map((part) => incomplete(part.strategy)).find((fault) => fault !== null) ?? null;
    }
    default:
      return null;
  }
}

/** @param {Strategy} strategy @returns {{strategy: Strategy, weight: number}[]} */
export function partsOf(strategy) {
  return Array.isArray(strategy.parts) ? strategy.parts : [];
}

/**
 * What goes to the API: the fields that the form keeps for itself are put in the service's words, and what is not set
 * is left out.
 * @param {Strategy} strategy
 * @returns {Strategy}
 */
export function wireStrategy(strategy) {
  if (strategy.kind === 'combine') {
    const parts = partsOf(strategy).map(({ strategy: part, weight }) => ({
      strategy: wireStrategy(part),
      weight,
    }));
    return { kind: 'combine', parts };
  }
  const field = strategy.kind === 'threshold' ? thresholdField(String(strategy.field)) : {};
  const set = Object.entries({ ...strategy, ...field }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return /** @type {Strategy} */ (Object.fromEntries(set));
}
