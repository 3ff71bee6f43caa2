// @ts-check
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useSearchParams } from 'react-router';
import { fetchIds, viewQuery } from '../api/queries/items.js';
import { conditionCount, filterFromParams } from '../lib/filterParams.js';
import { countOf, useSelection } from '../lib/selection.js';

/** @typedef {'all' | 'filter' | 'selection'} Source */
/** @typedef {import('../lib/filterParams.js').ItemFilter} ItemFilter */

/**
 * Where a sample is drawn from: all images, those that the filter in the address shows, or the selected ones.
 * @param {string} workspaceId
 */
export function useSampleSource(workspaceId) {
  const client = useQueryClient();
  const [params, setParams] = useSearchParams();
  const [selection] = useSelection(workspaceId);
  const filter = filterFromParams(params);
  const filtered = useQuery(viewQuery(workspaceId, filter));
  const selected = countOf(selection);
  const wanted = params.get('source');
  const hasFilter = conditionCount(filter) > 0;
  const source = sourceOf(wanted, hasFilter, selected > 0);

  /** @returns {Promise<ItemFilter | null>} what the API takes as the pool; null for everything */
  const pool = useCallback(async () => {
    if (source === 'all') return null;
    if (source === 'filter') return filter;
    if (selection.kind === 'ids') return { ids: [...selection.ids] };
    if (selection.kind === 'sample') return null;
    if (selection.except.size === 0) return selection.filter;
    const view = await client.fetchQuery(viewQuery(workspaceId, selection.filter));
    const ids = await fetchIds(workspaceId, view.view_id, { from: 0, to: view.total - 1 });
    return { ids: ids.filter((id) => !selection.except.has(id)) };
  }, [client, workspaceId, source, selection, filter]);

  const setSource = (/** @type {Source} */ next) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        after.set('source', next);
        return after;
      },
      { replace: true },
    );

  return {
    source,
    setSource,
    pool,
    selection,
    selected,
    hasFilter,
    filter,
    matching: filtered.data?.total ?? 0,
  };
}

/** @param {string | null} wanted @param {boolean} hasFilter @param {boolean} hasSelection @returns {Source} */
function sourceOf(wanted, hasFilter, hasSelection) {
  if (wanted === 'selection' && hasSelection) return 'selection';
  if (wanted === 'filter' && hasFilter) return 'filter';
  if (wanted === 'all') return 'all';
  return hasFilter ? 'filter' : 'all';
}
