// @ts-check
import { queryOptions } from '@tanstack/react-query';
import { api, call } from '../client.js';
import { keys } from '../keys.js';

/** @typedef {{group: number, exact: boolean, items: {item_id: string}[]}} DuplicateGroup */

/** Groups of exact and near duplicates, largest first. @param {string} workspaceId */
export const duplicatesQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...keys.workspace(workspaceId), 'duplicates'],
    queryFn: async ({ signal }) =>
      /** @type {{groups: DuplicateGroup[], total: number}} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/analysis/duplicates', {
              params: { path: { workspace_id: workspaceId } },
              signal,
            }),
          )
        )
      ),
    enabled: workspaceId !== '',
  });

/**
 * Ids of the images that look most like one, the image itself first.
 * @param {string} workspaceId
 * @param {string} itemId
 */
export async function fetchSimilarIds(workspaceId, itemId) {
  const answer = await call(
    api.GET('/workspace/{workspace_id}/analysis/similar', {
      params: { path: { workspace_id: workspaceId }, query: { item_id: itemId } },
    }),
  );
  const items = /** @type {{item_id: string}[]} */ (/** @type {unknown} */ (answer.items));
  return [itemId, ...items.map((item) => item.item_id).filter((id) => id !== itemId)];
}

/** What looks wrong, ranked: duplicates, leaks between splits, suspicious labels. @param {string} workspaceId */
export const qualityQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...keys.workspace(workspaceId), 'quality'],
    queryFn: async ({ signal }) =>
      /** @type {import('./types.d.ts').Quality} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/data/quality', {
              params: { path: { workspace_id: workspaceId }, query: { limit: 200 } },
              signal,
            }),
          )
        )
      ),
  });
