// @ts-check
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useItemAt, viewQuery } from '../api/queries/items.js';
import { fetchSimilarIds } from '../api/queries/quality.js';
import { toastProblem } from '../components/common/toasts.jsx';
import { countOf, filterKey, ofIds } from '../lib/selection.js';
import { useExplorerParams } from './useExplorerParams.js';
import { useGridSelection } from './useGridSelection.js';
import { useItemEdits } from './useItemEdits.js';

/** @typedef {import('../components/explorer/ItemGrid.jsx').GridAction} GridAction */
/** @typedef {import('../api/queries/types.d.ts').Item} Item */
/** @typedef {import('../lib/selection.js').Selection} Selection */
/** @typedef {'keys' | 'goTo' | {remove: Selection} | {relabel: Selection} | null} Dialog */

/** Removing more than this asks first. */
const ASK_FROM = 1000;

/**
 * The state of the explorer and what its keys, clicks and buttons do.
 * @param {string} workspaceId
 * @param {() => void} focusSearch
 */
export function useExplorer(workspaceId, focusSearch) {
  const params = useExplorerParams();
  const { filter, sort, set } = params;
  const viewState = useQuery(viewQuery(workspaceId, filter, sort));
  const view = viewState.data;
  const chosen = useGridSelection(workspaceId, view, filter);
  const edits = useItemEdits(workspaceId, view?.data_version ?? '');
  const [dialog, setDialog] = useState(/** @type {Dialog} */ (null));
  const listKey = `${filterKey(filter)} ${sort}`;
  const [place, setPlace] = useState({ listKey, cursor: params.at });
  const cursor = place.listKey === listKey ? place.cursor : params.at;
  const setCursor = (/** @type {number} */ next) => setPlace({ listKey, cursor: next });

  const loadItem = useItemAt(workspaceId, view?.view_id ?? '');
  const show = useCallback(
    async (/** @type {number} */ index, /** @type {Item | undefined} */ loaded = undefined) => {
      try {
        const item = loaded ?? (await loadItem(index));
        if (item) set({ item: item.item_id, at: String(index) });
      } catch (error) {
        toastProblem(error);
      }
    },
    [loadItem, set],
  );

  const goTo = (/** @type {number} */ index) => {
    setCursor(index);
    chosen.startAt(index);
    if (params.itemId) show(index);
  };

  const remove = (/** @type {Selection} */ selection) => {
    if (countOf(selection) > ASK_FROM) setDialog({ remove: selection });
    else edits.apply({ kind: 'remove' }, selection);
  };

  const removeChosen = async () => {
    if (countOf(chosen.selection) > 0) return remove(chosen.selection);
    const item = cursor >= 0 ? await loadItem(cursor) : undefined;
    if (item) remove(ofIds([item.item_id]));
  };

  const showSimilar = (/** @type {string} */ itemId) =>
    fetchSimilarIds(workspaceId, itemId).then((ids) => params.setFilter({ ids }), toastProblem);

  const close = () => set({ item: null, at: null });

  /** @type {{[K in GridAction['kind']]: (action: Extract<GridAction, {kind: K}>, item?: Item) => void}} */
  const actions = {
    focus: ({ index, extend }, item) => {
      setCursor(index);
      if (extend) return void chosen.extendTo(index).catch(toastProblem);
      chosen.startAt(index);
      if (params.itemId) show(index, item);
    },
    toggle: ({ index }, item) => {
      setCursor(index);
      if (item) chosen.toggle(index, item);
    },
    range: ({ index }) => {
      setCursor(index);
      chosen.extendTo(index).catch(toastProblem);
    },
    open: ({ index }, item) => {
      setCursor(index);
      chosen.startAt(index);
      show(index, item);
    },
    'select-all': chosen.selectAll,
    clear: () => (params.itemId ? close() : chosen.clear()),
    remove: () => void removeChosen().catch(toastProblem),
    undo: () => edits.takeBack(),
    search: focusSearch,
    help: () => setDialog('keys'),
    'go-to': () => setDialog('goTo'),
  };
  const act = (/** @type {GridAction} */ action, /** @type {Item | undefined} */ item) =>
    /** @type {(action: GridAction, item?: Item) => void} */ (actions[action.kind])(action, item);

  return {
    params,
    viewState,
    view,
    chosen,
    edits,
    dialog,
    setDialog,
    cursor,
    listKey,
    goTo,
    remove,
    showSimilar,
    close,
    act,
  };
}
