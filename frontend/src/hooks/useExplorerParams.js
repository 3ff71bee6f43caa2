// @ts-check
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { filterFromParams, paramsWithFilter } from '../lib/filterParams.js';

/** @typedef {import('../lib/filterParams.js').ItemFilter} ItemFilter */
/** @typedef {'sort' | 'color' | 'item' | 'at' | 'tool' | 'queue'} ExplorerKey */

/**
 * What a colleague needs to see the same: filter, order, colour, the open item, its position, the open tool.
 */
export function useExplorerParams() {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const filter = useMemo(() => filterFromParams(new URLSearchParams(text)), [text]);

  const setFilter = useCallback(
    (/** @type {ItemFilter} */ next) =>
      setParams((before) => {
        const after = paramsWithFilter(before, next);
        after.delete('at');
        return after;
      }),
    [setParams],
  );

  /** A filter with its order, as one step in the history. */
  const setView = useCallback(
    (/** @type {ItemFilter} */ filter, /** @type {string} */ sort) =>
      setParams((before) => {
        const after = paramsWithFilter(before, filter);
        after.delete('at');
        if (sort) after.set('sort', sort);
        else after.delete('sort');
        return after;
      }),
    [setParams],
  );

  /** Sets or (with null) drops keys without a step in the history: looking around is not navigating. */
  const set = useCallback(
    (/** @type {Partial<Record<ExplorerKey, string | null>>} */ values) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [key, value] of Object.entries(values)) {
            if (value) after.set(key, value);
            else after.delete(key);
          }
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );

  return {
    filter,
    setFilter,
    setView,
    set,
    sort: params.get('sort') ?? '',
    color: params.get('color') ?? '',
    itemId: params.get('item') ?? '',
    tool: params.get('tool') ?? '',
    at: positionOf(params.get('at')),
  };
}

/** @param {string | null} text @returns {number} -1 when there is none */
function positionOf(text) {
  return text && /^\d{1,9}$/.test(text) ? Number(text) : -1;
}
