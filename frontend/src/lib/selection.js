// @ts-check
import { useSyncExternalStore } from 'react';

/**
 * The one selection of a workspace, shared by grid, filters and lasso. It is either a set of ids, or
 * all that a filter matched less the exceptions, or a saved sample. **Empty is never all**: nothing
 * selected cannot be sent, because an API that reads it as "everything" has cost people their data.
 *
 * @typedef {import('./filterParams.js').ItemFilter} Filter
 * @typedef {{ kind: 'ids', ids: ReadonlySet<string> }} IdSelection
 * @typedef {{ kind: 'filter', filter: Filter, except: ReadonlySet<string>, total: number }} FilterSelection
 * @typedef {{ kind: 'sample', sampleId: string, total: number }} SampleSelection
 * @typedef {IdSelection | FilterSelection | SampleSelection} Selection
 * @typedef {{ item_ids: string[] } | { filter: Filter, except_ids: string[] } | { sample_id: string }} SelectionBody
 */

/**
 * Equal filters give equal text, whatever order they were built in.
 * @param {Filter} filter
 */
export function filterKey(filter) {
  const sorted = {
    ...filter,
    ...(filter.class_names ? { class_names: [...filter.class_names].sort() } : {}),
    ...(filter.ids ? { ids: [...filter.ids].sort() } : {}),
    ...(filter.attribute
      ? { attribute: [...filter.attribute].sort((a, b) => a.name.localeCompare(b.name)) }
      : {}),
  };
  const set = Object.entries(sorted).filter(([, value]) => value !== undefined && value !== '');
  return JSON.stringify(set.sort(([a], [b]) => a.localeCompare(b)));
}

/** @param {Filter} filter */
export const isEmptyFilter = (filter) => filterKey(filter) === '[]';

export class EmptySelectionError extends Error {
  constructor() {
    super('an empty selection is never all');
    this.name = 'EmptySelectionError';
  }
}

/** @type {IdSelection} */
export const NOTHING = Object.freeze({ kind: 'ids', ids: new Set() });

/** @param {Iterable<string>} ids @returns {IdSelection} */
export const ofIds = (ids) => ({ kind: 'ids', ids: new Set(ids) });

/** All that match, also those that were never loaded. @param {Filter} filter @param {number} total @returns {FilterSelection} */
export const ofFilter = (filter, total) => ({ kind: 'filter', filter, except: new Set(), total });

/** @param {string} sampleId @param {number} total @returns {SampleSelection} */
export const ofSample = (sampleId, total) => ({ kind: 'sample', sampleId, total });

/** @param {Selection} selection */
export function countOf(selection) {
  if (selection.kind === 'ids') return selection.ids.size;
  if (selection.kind === 'filter') return Math.max(0, selection.total - selection.except.size);
  return selection.total;
}

/**
 * Whether an item that the current filter shows is selected.
 * @param {Selection} selection
 * @param {string} id
 * @param {Filter} [shown] the filter whose result the item stands in
 */
export function isSelected(selection, id, shown = {}) {
  if (selection.kind === 'ids') return selection.ids.has(id);
  if (selection.kind === 'sample') return false;
  return filterKey(selection.filter) === filterKey(shown) && !selection.except.has(id);
}

/** @param {ReadonlySet<string>} set @param {Iterable<string>} ids @param {boolean} on */
function withIds(set, ids, on) {
  const next = new Set(set);
  for (const id of ids) {
    if (on) next.add(id);
    else next.delete(id);
  }
  return next;
}

/**
 * Adds or removes items. A filter selection keeps its filter and counts exceptions while the items
 * come from that filter's result; under another filter it starts again from ids.
 * @param {Selection} selection
 * @param {Iterable<string>} ids
 * @param {boolean} on
 * @param {Filter} [shown]
 * @returns {Selection}
 */
export function setSelected(selection, ids, on, shown = {}) {
  if (selection.kind === 'filter' && filterKey(selection.filter) === filterKey(shown)) {
    return { ...selection, except: withIds(selection.except, ids, !on) };
  }
  const before = selection.kind === 'ids' ? selection.ids : NOTHING.ids;
  return { kind: 'ids', ids: withIds(before, ids, on) };
}

/** @param {Selection} selection @param {string} id @param {Filter} [shown] */
export const toggled = (selection, id, shown = {}) =>
  setSelected(selection, [id], !isSelected(selection, id, shown), shown);

/**
 * What goes to the API.
 * @param {Selection} selection
 * @returns {SelectionBody}
 * @throws {EmptySelectionError}
 */
export function toBody(selection) {
  if (countOf(selection) === 0) throw new EmptySelectionError();
  if (selection.kind === 'ids') return { item_ids: [...selection.ids] };
  if (selection.kind === 'sample') return { sample_id: selection.sampleId };
  return { filter: selection.filter, except_ids: [...selection.except] };
}

/** @type {Map<string, Selection>} */
const selections = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {string} workspaceId @returns {Selection} */
export const getSelection = (workspaceId) => selections.get(workspaceId) ?? NOTHING;

/** @param {string} workspaceId @param {Selection | ((before: Selection) => Selection)} next */
export function setSelection(workspaceId, next) {
  const before = getSelection(workspaceId);
  const after = typeof next === 'function' ? next(before) : next;
  if (after === before) return;
  selections.set(workspaceId, after);
  for (const listener of listeners) listener();
}

/** @param {() => void} listener */
function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Lives in memory, so it survives a change of tab and not a reload.
 * @param {string} workspaceId
 * @returns {[Selection, (next: Selection | ((before: Selection) => Selection)) => void]}
 */
export function useSelection(workspaceId) {
  const selection = useSyncExternalStore(subscribe, () => getSelection(workspaceId));
  return [selection, (next) => setSelection(workspaceId, next)];
}
