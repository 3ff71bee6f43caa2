// @ts-check
import { useCallback, useMemo, useRef } from 'react';
import { fetchIds } from '../api/queries/items.js';
import {
  filterKey,
  NOTHING,
  ofFilter,
  setSelected,
  setSelection,
  toggled,
  useSelection,
} from '../lib/selection.js';

/** @typedef {import('../api/queries/types.d.ts').Item} Item */
/** @typedef {import('../api/queries/types.d.ts').View} View */
/** @typedef {import('../lib/filterParams.js').ItemFilter} ItemFilter */

/**
 * Selecting in a grid. A range starts at the item that was last picked alone and always grows from what was selected
 * then, so that it can shrink again; its ids come from the service, because most of them were never loaded.
 * @param {string} workspaceId
 * @param {View | undefined} view
 * @param {ItemFilter} filter of the view
 */
export function useGridSelection(workspaceId, view, filter) {
  const [selection] = useSelection(workspaceId);
  const key = filterKey(filter);
  const anchor = useRef({ index: 0, before: /** @type {typeof selection} */ (NOTHING) });
  const request = useRef(0);

  const isSelected = useMemo(() => {
    if (selection.kind === 'ids')
      return (/** @type {Item} */ item) => selection.ids.has(item.item_id);
    if (selection.kind === 'sample' || filterKey(selection.filter) !== key) return () => false;
    return (/** @type {Item} */ item) => !selection.except.has(item.item_id);
  }, [selection, key]);

  const startAt = useCallback(
    (/** @type {number} */ index) => {
      request.current += 1;
      anchor.current = { index, before: selection };
    },
    [selection],
  );

  const toggle = useCallback(
    (/** @type {number} */ index, /** @type {Item} */ item) => {
      const next = toggled(selection, item.item_id, filter);
      request.current += 1;
      anchor.current = { index, before: next };
      setSelection(workspaceId, next);
    },
    [workspaceId, selection, filter],
  );

  const extendTo = useCallback(
    async (/** @type {number} */ index) => {
      if (!view) return;
      request.current += 1;
      const mine = request.current;
      const { index: start, before } = anchor.current;
      const range = { from: Math.min(start, index), to: Math.max(start, index) };
      const ids = await fetchIds(workspaceId, view.view_id, range);
      if (mine === request.current)
        setSelection(workspaceId, setSelected(before, ids, true, filter));
    },
    [workspaceId, view, filter],
  );

  const selectAll = useCallback(() => {
    if (view && view.total > 0) setSelection(workspaceId, ofFilter(filter, view.total));
  }, [workspaceId, view, filter]);

  const clear = useCallback(() => {
    request.current += 1;
    setSelection(workspaceId, NOTHING);
  }, [workspaceId]);

  return { selection, isSelected, startAt, toggle, extendTo, selectAll, clear };
}
