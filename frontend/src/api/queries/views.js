// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, call } from '../client.js';
import { keys } from '../keys.js';

/** @typedef {import('./types.d.ts').Filter} Filter */
/** @typedef {import('./types.d.ts').SavedView} SavedView */

/** @param {string} workspaceId */
const savedViewsKey = (workspaceId) =>
  /** @type {const} */ ([...keys.workspace(workspaceId), 'saved-views']);

/** Filters and orders that somebody named, by name. @param {string} workspaceId */
export const savedViewsQuery = (workspaceId) =>
  queryOptions({
    queryKey: savedViewsKey(workspaceId),
    queryFn: async ({ signal }) =>
      /** @type {SavedView[]} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/data/saved-views', {
              params: { path: { workspace_id: workspaceId } },
              signal,
            }),
          )
        )
      ),
  });

/** Names a filter and an order; one of the same name is replaced. @param {string} workspaceId */
export function useSaveView(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {{name: string, filter: Filter, sort: string}} */ { sort, ...view }) =>
      call(
        api.POST('/workspace/{workspace_id}/data/saved-views', {
          params: { path: { workspace_id: workspaceId } },
          body: { ...view, ...(sort ? { sort } : {}) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: savedViewsKey(workspaceId) }),
  });
}

/** @param {string} workspaceId */
export function useDeleteView(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {string} */ savedId) =>
      call(
        api.DELETE('/workspace/{workspace_id}/data/saved-views/{saved_id}', {
          params: { path: { workspace_id: workspaceId, saved_id: savedId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: savedViewsKey(workspaceId) }),
  });
}
