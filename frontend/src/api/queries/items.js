// @ts-check
import {
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueries,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback } from 'react';
import { filterKey } from '../../lib/selection.js';
import { api, call, ifMatch } from '../client.js';
import { keys } from '../keys.js';
import { ApiError } from '../problems.js';

/** @typedef {import('./types.d.ts').Item} Item */
/** @typedef {import('./types.d.ts').ItemDetail} ItemDetail */
/** @typedef {import('./types.d.ts').ItemPage} ItemPage */
/** @typedef {import('./types.d.ts').View} View */
/** @typedef {import('./types.d.ts').Filter} Filter */
/** @typedef {import('./types.d.ts').EditResult} EditResult */
/** @typedef {import('@tanstack/react-query').QueryClient} QueryClient */

export const PAGE_SIZE = 200;
/** Pages that scrolled by are dropped after this, so that five million items do not fill the memory. */
const PAGE_KEPT_MS = 30_000;
const NEVER_STALE = Number.POSITIVE_INFINITY;

/** All that depends on the items of a workspace. @param {string} workspaceId */
const dataKey = (workspaceId) => /** @type {const} */ ([...keys.workspace(workspaceId), 'data']);

/**
 * A filter and an order, resolved by the service for access at any offset.
 * @param {string} workspaceId
 * @param {Filter} filter
 * @param {string} [sort]
 */
export const viewQuery = (workspaceId, filter, sort = '') =>
  queryOptions({
    queryKey: [...dataKey(workspaceId), 'view', filterKey(filter), sort],
    queryFn: async ({ signal }) =>
      /** @type {View} */ (
        await call(
          api.POST('/workspace/{workspace_id}/data/views', {
            params: { path: { workspace_id: workspaceId } },
            body: { filter, ...(sort ? { sort } : {}) },
            signal,
          }),
        )
      ),
    staleTime: NEVER_STALE,
    placeholderData: keepPreviousData,
    enabled: workspaceId !== '',
  });

/** @param {string} workspaceId @param {string} viewId @param {number} page */
const pageQuery = (workspaceId, viewId, page) =>
  queryOptions({
    queryKey: [...dataKey(workspaceId), 'page', viewId, page],
    queryFn: async ({ signal }) =>
      /** @type {ItemPage} */ (
        await call(
          api.GET('/workspace/{workspace_id}/data/views/{view_id}/items', {
            params: {
              path: { workspace_id: workspaceId, view_id: viewId },
              query: { offset: page * PAGE_SIZE, limit: PAGE_SIZE },
            },
            signal,
          }),
        )
      ),
    staleTime: NEVER_STALE,
    gcTime: PAGE_KEPT_MS,
    enabled: viewId !== '',
  });

/**
 * The pages of a view that a range of positions touches. Pages that leave the range before they arrived are aborted.
 * @param {string} workspaceId
 * @param {string} viewId
 * @param {{from: number, to: number}} range positions, both included
 */
export function useViewItems(workspaceId, viewId, { from, to }) {
  const firstPage = Math.floor(from / PAGE_SIZE);
  const length = to < from ? 0 : Math.floor(to / PAGE_SIZE) - firstPage + 1;
  const pages = useQueries({
    queries: Array.from({ length }, (_, step) => pageQuery(workspaceId, viewId, firstPage + step)),
  });
  const error = pages.find((page) => page.error)?.error ?? null;
  /** @param {number} position @returns {Item | undefined} */
  const itemAt = (position) =>
    pages[Math.floor(position / PAGE_SIZE) - firstPage]?.data?.items[position % PAGE_SIZE];
  const retry = () => {
    for (const page of pages) if (page.error) page.refetch();
  };
  const stale = pages.some((page) => page.data?.stale);
  return { itemAt, error, retry, stale };
}

/** Resolves the views of a workspace anew, with all that hangs on them. @param {string} workspaceId */
export function useReload(workspaceId) {
  const client = useQueryClient();
  return useCallback(
    () => client.invalidateQueries({ queryKey: keys.workspace(workspaceId) }),
    [client, workspaceId],
  );
}

/**
 * Reads one item of a view by its position, from a page that is loaded or is fetched now.
 * @param {string} workspaceId
 * @param {string} viewId
 */
export function useItemAt(workspaceId, viewId) {
  const client = useQueryClient();
  return useCallback(
    async (/** @type {number} */ position) => {
      const page = await client.fetchQuery(
        pageQuery(workspaceId, viewId, Math.floor(position / PAGE_SIZE)),
      );
      return page.items[position % PAGE_SIZE];
    },
    [client, workspaceId, viewId],
  );
}

/**
 * Ids of a range of a view, also of items that were never loaded.
 * @param {string} workspaceId
 * @param {string} viewId
 * @param {{from: number, to: number}} range both included
 * @returns {Promise<string[]>}
 */
export async function fetchIds(workspaceId, viewId, { from, to }) {
  /** @type {string[]} */
  const ids = [];
  while (from + ids.length <= to) {
    const limit = Math.min(ID_CHUNK, to - from + 1 - ids.length);
    /** @type {string[]} */
    const chunk = await call(
      api.GET('/workspace/{workspace_id}/data/views/{view_id}/ids', {
        params: {
          path: { workspace_id: workspaceId, view_id: viewId },
          query: { offset: from + ids.length, limit },
        },
      }),
    );
    if (chunk.length === 0) break;
    for (const id of chunk) ids.push(id);
  }
  return ids;
}

const ID_CHUNK = 100_000;

/** @param {string} workspaceId @param {string} viewId @param {readonly string[]} [fields] default: all */
export const histogramsQuery = (workspaceId, viewId, fields) =>
  queryOptions({
    queryKey: [...dataKey(workspaceId), 'histograms', viewId, fields?.join(',') ?? ''],
    queryFn: async ({ signal }) =>
      /** @type {import('./types.d.ts').Histograms} */ (
        await call(
          api.GET('/workspace/{workspace_id}/data/views/{view_id}/histograms', {
            params: {
              path: { workspace_id: workspaceId, view_id: viewId },
              query: fields ? { fields: fields.join(',') } : {},
            },
            signal,
          }),
        )
      ),
    staleTime: NEVER_STALE,
    placeholderData: keepPreviousData,
    enabled: viewId !== '',
  });

/** @param {string} workspaceId @param {string} itemId */
export const itemQuery = (workspaceId, itemId) =>
  queryOptions({
    queryKey: [...dataKey(workspaceId), 'item', itemId],
    queryFn: async ({ signal }) =>
      /** @type {ItemDetail} */ (
        await call(
          api.GET('/workspace/{workspace_id}/data/item/{item_id}', {
            params: { path: { workspace_id: workspaceId, item_id: itemId } },
            signal,
          }),
        )
      ),
    enabled: itemId !== '',
  });

/** @param {string} workspaceId */
export const statsQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...dataKey(workspaceId), 'stats'],
    queryFn: async ({ signal }) =>
      /** @type {import('./types.d.ts').Stats} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/data/stats', {
              params: { path: { workspace_id: workspaceId } },
              signal,
            }),
          )
        )
      ),
    enabled: workspaceId !== '',
  });

/** The journal, newest first. @param {string} workspaceId */
export const editsQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...dataKey(workspaceId), 'edits'],
    queryFn: async ({ signal }) =>
      /** @type {{edits: import('./types.d.ts').EditRecord[], total: number}} */ (
        await call(
          api.GET('/workspace/{workspace_id}/data/edits', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    enabled: workspaceId !== '',
  });

/**
 * @typedef {{kind: 'remove'}
 *   | {kind: 'move', target_split: string}
 *   | {kind: 'relabel', new_label: string, from_label?: string}} EditStep
 * @typedef {object} EditRequest
 * @property {EditStep} step
 * @property {import('./types.d.ts').Selection} selection
 * @property {string} dataVersion what the selection was made on
 * @property {boolean} [dryRun]
 */

/**
 * Sends an edit. It is refused (412 `stale-version`) when the data is not what the selection was made on.
 * @param {string} workspaceId
 * @param {EditRequest} request
 */
async function sendEdit(workspaceId, { step, selection, dataVersion, dryRun = false }) {
  const { kind, ...fields } = step;
  return /** @type {EditResult} */ (
    /** @type {unknown} */ (
      await call(
        api.POST(`/workspace/{workspace_id}/data/${kind}`, {
          params: { path: { workspace_id: workspaceId } },
          headers: ifMatch(dataVersion),
          body: { ...selection, ...fields, dry_run: dryRun },
        }),
      )
    )
  );
}

/** What an edit would do, counted by the service. @param {string} workspaceId */
export function usePreviewEdit(workspaceId) {
  return useMutation({
    mutationFn: (/** @type {EditRequest} */ request) =>
      sendEdit(workspaceId, { ...request, dryRun: true }),
  });
}

/** @param {string} workspaceId */
export function useEdit(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {EditRequest} */ request) => sendEdit(workspaceId, request),
    onSettled: (_, error) => refreshAfterEdit(client, workspaceId, error),
  });
}

/**
 * Takes edits back, newest first: the service undoes only the last one, so that no edit is ever undone under another.
 * Returns how many images were changed back.
 * @param {string} workspaceId
 */
export function useUndo(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {readonly string[]} */ editIds) => {
      let changed = 0;
      for (const editId of editIds.length > 0 ? editIds : [undefined]) {
        const { changed: more } = await call(
          api.POST('/workspace/{workspace_id}/data/undo', {
            params: { path: { workspace_id: workspaceId } },
            body: editId ? { edit_id: editId } : {},
          }),
        );
        changed += more;
      }
      return changed;
    },
    // Some may have been taken back before one was refused.
    onSettled: () => client.invalidateQueries({ queryKey: keys.workspace(workspaceId) }),
  });
}

/**
 * After an edit everything of the workspace may be different; after a refusal for staleness it is.
 * @param {QueryClient} client
 * @param {string} workspaceId
 * @param {Error | null} error
 */
export function refreshAfterEdit(client, workspaceId, error) {
  if (error && !(error instanceof ApiError && error.status === 412)) return undefined;
  return client.invalidateQueries({ queryKey: keys.workspace(workspaceId) });
}
