// @ts-check
/**
 * The item filter in the URL, so that a link shows a colleague the same images. Keys:
 * `split` and `class` (repeatable) · `q` text in the file name · `annotated` yes|no · `count` min..max annotations ·
 * `attr` name:min..max (repeatable) · `score` report:min..max · `cluster` · `dup` duplicate group · `ids` a,b,…
 */
/** @typedef {{min?: number, max?: number}} Range */
/** @typedef {Range & {name: string}} AttributeRange */
/** @typedef {Range & {report_id: string}} ScoreRange */
/**
 * @typedef {object} ItemFilter
 * @property {string} [split]
 * @property {string[]} [class_names]
 * @property {string} [text]
 * @property {boolean} [has_annotations]
 * @property {Range} [annotation_count]
 * @property {AttributeRange[]} [attribute]
 * @property {ScoreRange} [drift_score]
 * @property {number} [cluster]
 * @property {number} [duplicate_group]
 * @property {string[]} [ids]
 */

export const FILTER_KEYS = [
  'split',
  'class',
  'q',
  'annotated',
  'count',
  'attr',
  'score',
  'cluster',
  'dup',
  'ids',
];

/**
 * @param {URLSearchParams} params
 * @returns {ItemFilter}
 */
export function filterFromParams(params) {
  /** @type {ItemFilter} */
  const filter = {};
  const split = params.get('split');
  if (split) filter.split = split;
  const classes = params.getAll('class').filter(Boolean);
  if (classes.length > 0) filter.class_names = classes;
  const text = params.get('q')?.trim();
  if (text) filter.text = text;
  const annotated = params.get('annotated');
  if (annotated === 'yes' || annotated === 'no') filter.has_annotations = annotated === 'yes';
  const count = parseRange(params.get('count'));
  if (count) filter.annotation_count = count;
  const attributes = params.getAll('attr').flatMap(parseNamedRange);
  if (attributes.length > 0)
    filter.attribute = attributes.map(({ name, ...range }) => ({ name, ...range }));
  const [score] = parseNamedRange(params.get('score') ?? '');
  if (score) filter.drift_score = { report_id: score.name, ...rangeOf(score) };
  const cluster = wholeNumber(params.get('cluster'));
  if (cluster !== undefined) filter.cluster = cluster;
  const group = wholeNumber(params.get('dup'));
  if (group !== undefined) filter.duplicate_group = group;
  const ids = (params.get('ids') ?? '').split(',').filter(Boolean);
  if (ids.length > 0) filter.ids = ids;
  return filter;
}

/**
 * Replaces the filter in the parameters and keeps everything else (sort, item, colour).
 * @param {URLSearchParams} params
 * @param {ItemFilter} filter
 */
export function paramsWithFilter(params, filter) {
  const next = new URLSearchParams(params);
  for (const key of FILTER_KEYS) next.delete(key);
  if (filter.split) next.set('split', filter.split);
  for (const name of filter.class_names ?? []) next.append('class', name);
  if (filter.text) next.set('q', filter.text);
  if (filter.has_annotations !== undefined)
    next.set('annotated', filter.has_annotations ? 'yes' : 'no');
  if (filter.annotation_count) next.set('count', formatRange(filter.annotation_count));
  for (const range of filter.attribute ?? [])
    next.append('attr', `${range.name}:${formatRange(range)}`);
  if (filter.drift_score)
    next.set('score', `${filter.drift_score.report_id}:${formatRange(filter.drift_score)}`);
  if (filter.cluster !== undefined) next.set('cluster', String(filter.cluster));
  if (filter.duplicate_group !== undefined) next.set('dup', String(filter.duplicate_group));
  if (filter.ids) next.set('ids', filter.ids.join(','));
  return next;
}

/**
 * How many conditions a filter sets; 0 means all items.
 * @param {ItemFilter} filter
 */
export function conditionCount(filter) {
  const { class_names = [], attribute = [], ...single } = filter;
  const set = Object.values(single).filter((value) => value !== undefined && value !== '');
  return set.length + class_names.length + attribute.length;
}

/**
 * Sets or (with undefined) drops the range of one attribute.
 * @param {ItemFilter} filter
 * @param {string} name
 * @param {Range | undefined} range
 * @returns {ItemFilter}
 */
export function withAttribute(filter, name, range) {
  const others = (filter.attribute ?? []).filter((entry) => entry.name !== name);
  const attribute = range ? [...others, { name, ...range }] : others;
  const { attribute: _, ...rest } = filter;
  return attribute.length > 0 ? { ...rest, attribute } : rest;
}

/** @param {string | null} text @returns {Range | undefined} */
function parseRange(text) {
  const [min, max, ...rest] = (text ?? '').split('..');
  if (max === undefined || rest.length > 0) return undefined;
  return rangeOf({ min: toNumber(min), max: toNumber(max) });
}

/** @param {string} text @returns {AttributeRange[]} none when the text is malformed */
function parseNamedRange(text) {
  const split = text.lastIndexOf(':');
  const range = split > 0 ? parseRange(text.slice(split + 1)) : undefined;
  return range ? [{ name: text.slice(0, split), ...range }] : [];
}

/** @param {Range} range @returns {Range | undefined} undefined when neither end is set */
function rangeOf({ min, max }) {
  if (min === undefined && max === undefined) return undefined;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** @param {Range} range */
function formatRange({ min, max }) {
  return `${min === undefined ? '' : shortNumber(min)}..${max === undefined ? '' : shortNumber(max)}`;
}

/** Six significant digits keep links readable and histogram edges apart. @param {number} value */
function shortNumber(value) {
  return String(Number(value.toPrecision(6)));
}

/** @param {string | null} text */
function wholeNumber(text) {
  return text && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** @param {string | undefined} text */
function toNumber(text) {
  if (!text) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
