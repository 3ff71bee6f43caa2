// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { parseMap } from '../../lib/scatter/mapData.js';
import { api, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { putJobs } from './jobs.js';

/** @typedef {import('../model.d.ts').AnalysisResults} AnalysisResults */
/** @typedef {import('../model.d.ts').Encoder} Encoder */
/** @typedef {import('../model.d.ts').Job} Job */

/** @param {string} workspaceId */
const analysisKey = (workspaceId) => [...keys.workspace(workspaceId), 'analysis'];

/** @param {string} workspaceId @param {string} [encoder] default: the one analysed last */
export const analysisQuery = (workspaceId, encoder) =>
  queryOptions({
    queryKey: [...analysisKey(workspaceId), 'results', encoder ?? ''],
    queryFn: async ({ signal }) =>
      /** @type {AnalysisResults} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/analysis/results', {
              params: {
                path: { workspace_id: workspaceId },
                query: encoder ? { encoder } : {},
              },
              signal,
            }),
          )
        )
      ),
  });

/** @param {string} workspaceId */
export const encodersQuery = (workspaceId) =>
  queryOptions({
    queryKey: ['encoders'],
    queryFn: async ({ signal }) =>
      /** @type {Encoder[]} */ (
        await call(
          api.GET('/workspace/{workspace_id}/analysis/encoders', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** @param {string} workspaceId @param {string} [encoder] */
export const mapQuery = (workspaceId, encoder) =>
  queryOptions({
    queryKey: [...analysisKey(workspaceId), 'map', encoder ?? ''],
    queryFn: async ({ signal }) => {
      const bytes = await call(
        api.GET('/workspace/{workspace_id}/analysis/embedding/map', {
          params: { path: { workspace_id: workspaceId }, query: encoder ? { encoder } : {} },
          parseAs: 'arrayBuffer',
          signal,
        }),
      );
      return parseMap(/** @type {ArrayBuffer} */ (bytes));
    },
    gcTime: 30_000, // tens of megabytes: not kept for long once the panel is closed
  });

/** @param {string} workspaceId */
export function useAnalyzeAttributes(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {{ force?: boolean }} */ body) =>
      /** @type {Job} */ (
        await call(
          api.POST('/workspace/{workspace_id}/analyze/attributes', {
            params: { path: { workspace_id: workspaceId } },
            headers: creating(),
            body,
          }),
        )
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/** @param {string} workspaceId */
export function useAnalyzeEmbedding(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {{ encoder?: string, force?: boolean }} */ body) =>
      /** @type {Job} */ (
        await call(
          api.POST('/workspace/{workspace_id}/analyze/embedding', {
            params: { path: { workspace_id: workspaceId } },
            headers: creating(),
            body,
          }),
        )
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}
