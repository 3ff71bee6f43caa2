// @ts-check
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { API_ROOT, api, call, ifMatch } from '../client.js';
import { keys } from '../keys.js';
import { refreshAfterEdit } from './items.js';

/** @typedef {import('./types.d.ts').EditResult} EditResult */
/** @typedef {import('./types.d.ts').Recipe} Recipe */
/** @typedef {import('./types.d.ts').RecipeReport} RecipeReport */
/** @typedef {import('./types.d.ts').SplitRequest} SplitRequest */

/**
 * @param {string} workspaceId
 * @param {string} dataVersion
 * @param {SplitRequest} request
 * @param {{dryRun: boolean, signal?: AbortSignal}} options
 */
const sendSplit = async (workspaceId, dataVersion, request, { dryRun, signal }) =>
  /** @type {EditResult} */ (
    /** @type {unknown} */ (
      await call(
        api.POST('/workspace/{workspace_id}/data/split', {
          params: { path: { workspace_id: workspaceId } },
          headers: ifMatch(dataVersion),
          body: { ...request, dry_run: dryRun },
          signal,
        }),
      )
    )
  );

/**
 * What dividing the set anew would do; nothing is changed.
 * @param {string} workspaceId
 * @param {string} dataVersion
 * @param {SplitRequest | null} request null while it is not complete
 */
export const splitEffectQuery = (workspaceId, dataVersion, request) =>
  queryOptions({
    queryKey: [...keys.workspace(workspaceId), 'data', 'split-effect', dataVersion, request],
    queryFn: ({ signal }) =>
      sendSplit(workspaceId, dataVersion, /** @type {SplitRequest} */ (request), {
        dryRun: true,
        signal,
      }),
    enabled: request !== null && dataVersion !== '',
    placeholderData: keepPreviousData,
  });

/** @param {string} workspaceId @param {string} dataVersion */
export function useSplit(workspaceId, dataVersion) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {SplitRequest} */ request) =>
      sendSplit(workspaceId, dataVersion, request, { dryRun: false }),
    onSettled: (_, error) => refreshAfterEdit(client, workspaceId, error),
  });
}

/** The edits that stand, as steps. @param {string} workspaceId */
export const recipeQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...keys.workspace(workspaceId), 'data', 'recipe'],
    queryFn: async ({ signal }) =>
      /** @type {Recipe} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/data/recipe', {
              params: { path: { workspace_id: workspaceId } },
              signal,
            }),
          )
        )
      ),
  });

/** @param {string} workspaceId */
export const recipeUrl = (workspaceId) =>
  `${API_ROOT}/workspace/${encodeURIComponent(workspaceId)}/data/recipe`;

/** Repeats a recipe here, or says what that would do. @param {string} workspaceId */
export function useReplay(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {{recipe: Recipe, dryRun: boolean}} */ { recipe, dryRun }) =>
      /** @type {RecipeReport} */ (
        /** @type {unknown} */ (
          await call(
            api.POST('/workspace/{workspace_id}/data/recipe', {
              params: { path: { workspace_id: workspaceId } },
              body: {
                recipe: /** @type {Record<string, never>} */ (/** @type {unknown} */ (recipe)),
                dry_run: dryRun,
              },
            }),
          )
        )
      ),
    onSettled: (_, error, { dryRun }) =>
      dryRun ? undefined : refreshAfterEdit(client, workspaceId, error),
  });
}
