// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, apiUrl, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { uploadMultipart } from '../uploads.js';
import { putJobs } from './jobs.js';

/** @typedef {import('./types.d.ts').Run} Run */
/** @typedef {import('./types.d.ts').RunDetail} RunDetail */
/** @typedef {import('./types.d.ts').Trainer} Trainer */
/** @typedef {import('./types.d.ts').UploadedTrainer} UploadedTrainer */
/** Jobs tell when a run ends; values of its metrics in between are asked for. */
const LIVE_MS = 1500;

/** @param {string} workspaceId */
const experimentKey = (workspaceId) =>
  /** @type {const} */ ([...keys.workspace(workspaceId), 'experiments']);

/** @param {Pick<Run, 'state'>} run */
export const isRunning = (run) => run.state === 'queued' || run.state === 'running';

/** @param {string} workspaceId */
export const trainersQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...experimentKey(workspaceId), 'trainers'],
    queryFn: async ({ signal }) =>
      /** @type {Trainer[]} */ (
        await call(
          api.GET('/workspace/{workspace_id}/code/trainers', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    enabled: workspaceId !== '',
  });

/** @param {string} workspaceId */
export const templatesQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...experimentKey(workspaceId), 'templates'],
    queryFn: async ({ signal }) =>
      /** @type {Trainer[]} */ (
        await call(
          api.GET('/workspace/{workspace_id}/code/templates', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: workspaceId !== '',
  });

/**
 * Runs, newest first; asked for again while one is going.
 * @param {string} workspaceId
 * @param {boolean} [awaited] one was started and is not in the list yet
 */
export const runsQuery = (workspaceId, awaited = false) =>
  queryOptions({
    queryKey: [...experimentKey(workspaceId), 'runs'],
    queryFn: async ({ signal }) =>
      /** @type {{experiments: Run[], next_cursor: string | null, total: number}} */ (
        await call(
          api.GET('/workspace/{workspace_id}/experiments', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    refetchInterval: ({ state }) =>
      awaited || state.data?.experiments.some(isRunning) ? LIVE_MS : false,
    enabled: workspaceId !== '',
  });

/** @param {string} workspaceId @param {string} runId */
export const runQuery = (workspaceId, runId) =>
  queryOptions({
    queryKey: [...experimentKey(workspaceId), 'run', runId],
    queryFn: async ({ signal }) =>
      /** @type {RunDetail} */ (
        await call(
          api.GET('/workspace/{workspace_id}/experiment/{experiment_id}', {
            params: { path: { workspace_id: workspaceId, experiment_id: runId } },
            signal,
          }),
        )
      ),
    refetchInterval: ({ state }) => (state.data && isRunning(state.data) ? LIVE_MS : false),
    enabled: runId !== '',
  });

/** @param {string} workspaceId @param {readonly string[]} runIds */
export const comparisonQuery = (workspaceId, runIds) =>
  queryOptions({
    queryKey: [...experimentKey(workspaceId), 'compare', ...runIds],
    queryFn: async ({ signal }) =>
      /** @type {import('./types.d.ts').Comparison} */ (
        await call(
          api.GET('/workspace/{workspace_id}/experiment/compare', {
            params: { path: { workspace_id: workspaceId }, query: { ids: runIds.join(',') } },
            signal,
          }),
        )
      ),
    enabled: runIds.length >= 2,
  });

/** Where a run's log is streamed from. @param {string} workspaceId @param {string} runId */
export const logUrl = (workspaceId, runId) =>
  apiUrl(`/workspace/${workspaceId}/experiment/${runId}/log`);

/**
 * @typedef {object} TrainerUpload
 * @property {File} file
 * @property {string} trainer
 * @property {(sent: number, total: number) => void} [onProgress]
 */

/** @param {string} workspaceId */
export function useUploadTrainer(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {TrainerUpload} */ { file, trainer, onProgress }) =>
      /** @type {Promise<UploadedTrainer>} */ (
        uploadMultipart(`/workspace/${workspaceId}/code/upload`, {
          file,
          fields: { trainer },
          ...(onProgress ? { onProgress } : {}),
        })
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: experimentKey(workspaceId) }),
  });
}

/** @param {string} workspaceId */
export function useInstallTemplate(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {string} */ template) =>
      /** @type {UploadedTrainer} */ (
        await call(
          api.POST('/workspace/{workspace_id}/code/templates/{template}', {
            params: { path: { workspace_id: workspaceId, template } },
            headers: creating(),
            body: {},
          }),
        )
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: experimentKey(workspaceId) }),
  });
}

/**
 * @typedef {object} RunRequest
 * @property {string} trainer
 * @property {string} [snapshot_id] default: the data as it is
 * @property {string} [name]
 * @property {Record<string, unknown>} params
 * @property {Record<string, number>} [limits]
 */

/** @param {string} workspaceId */
export function useStartRun(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {RunRequest} */ body) =>
      /** @type {import('../model.d.ts').Job<Run>} */ (
        await call(
          api.POST('/workspace/{workspace_id}/experiment/run', {
            params: { path: { workspace_id: workspaceId } },
            headers: creating(),
            body,
          }),
        )
      ),
    onSuccess: (job) => {
      putJobs(client, [job]);
      client.invalidateQueries({ queryKey: [...experimentKey(workspaceId), 'runs'] });
    },
  });
}

/** @param {string} workspaceId */
export function useStopRun(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {string} */ runId) =>
      /** @type {Run} */ (
        await call(
          api.POST('/workspace/{workspace_id}/experiment/{experiment_id}/stop', {
            params: { path: { workspace_id: workspaceId, experiment_id: runId } },
          }),
        )
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: experimentKey(workspaceId) }),
  });
}
