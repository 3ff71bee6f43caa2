// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, apiUrl, call, creating, ifMatch } from '../client.js';
import { keys } from '../keys.js';
import { refreshAfterEdit } from './items.js';
import { putJobs } from './jobs.js';

/** @typedef {import('./types.d.ts').Sample} Sample */
/** @typedef {import('./types.d.ts').EditResult} EditResult */
/** @typedef {import('./types.d.ts').ExportResult} ExportResult */
/** @typedef {import('./types.d.ts').Selection} Selection */
/** @typedef {import('./types.d.ts').Filter} Filter */
/**
 * @template R
 * @typedef {import('../model.d.ts').Job<R>} Job
 */

/** @param {string} workspaceId */
const sampleKey = (workspaceId) =>
  /** @type {const} */ ([...keys.workspace(workspaceId), 'samples']);
/** @param {string} workspaceId */
const exportKey = (workspaceId) =>
  /** @type {const} */ ([...keys.workspace(workspaceId), 'exports']);

/** The recorded samples, newest first. @param {string} workspaceId */
export const samplesQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...sampleKey(workspaceId), 'list'],
    queryFn: async ({ signal }) =>
      /** @type {{samples: Sample[], total: number}} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/data/samples', {
              params: { path: { workspace_id: workspaceId }, query: { limit: 20 } },
              signal,
            }),
          )
        )
      ),
    enabled: workspaceId !== '',
  });

/** @param {string} workspaceId @param {string} sampleId */
export const sampleQuery = (workspaceId, sampleId) =>
  queryOptions({
    queryKey: [...sampleKey(workspaceId), 'one', sampleId],
    queryFn: async ({ signal }) =>
      /** @type {Sample} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/data/sample/{sample_id}', {
              params: { path: { workspace_id: workspaceId, sample_id: sampleId } },
              signal,
            }),
          )
        )
      ),
    enabled: sampleId !== '',
  });

/**
 * @typedef {object} SampleRequest
 * @property {{kind: string} & Record<string, unknown>} strategy
 * @property {number | null} size null for as many as match
 * @property {number} seed
 * @property {Filter | null} pool
 * @property {Selection | null} include counts as chosen already
 */

/** Chooses items; the outcome is recorded and changes nothing. @param {string} workspaceId */
export function useCreateSample(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {SampleRequest} */ body) =>
      /** @type {Sample} */ (
        /** @type {unknown} */ (
          await call(
            api.POST('/workspace/{workspace_id}/data/sample', {
              params: { path: { workspace_id: workspaceId } },
              headers: creating(),
              body,
            }),
          )
        )
      ),
    onSuccess: (sample) => {
      client.setQueryData(sampleQuery(workspaceId, sample.sample_id).queryKey, sample);
      client.invalidateQueries({ queryKey: [...sampleKey(workspaceId), 'list'] });
    },
  });
}

/**
 * What to do with a sample: an edit here, or an addition to another workspace.
 * @typedef {{kind: 'move', split: string} | {kind: 'remove'} | {kind: 'keep_only'}
 *   | {kind: 'add', workspaceId: string, split: string}} SampleUse
 */

/**
 * @param {string} workspaceId
 * @param {Sample} sample
 * @param {SampleUse} use
 * @param {boolean} dryRun
 */
async function sendUse(workspaceId, sample, use, dryRun) {
  if (use.kind === 'add') {
    const selection = { sample_id: sample.sample_id };
    return /** @type {EditResult} */ (
      /** @type {unknown} */ (
        await call(
          api.POST('/workspace/{workspace_id}/data/add', {
            params: { path: { workspace_id: use.workspaceId } },
            body: {
              items: [{ workspace_id: workspaceId, selection }],
              target_split: use.split,
              dry_run: dryRun,
            },
          }),
        )
      )
    );
  }
  return /** @type {EditResult} */ (
    /** @type {unknown} */ (
      await call(
        api.POST('/workspace/{workspace_id}/data/apply-sample', {
          params: { path: { workspace_id: workspaceId } },
          headers: ifMatch(sample.data_version),
          body: {
            sample_id: sample.sample_id,
            action: use.kind,
            ...(use.kind === 'move' ? { target_split: use.split } : {}),
            dry_run: dryRun,
          },
        }),
      )
    )
  );
}

/**
 * The effect of using a sample, worked out and not carried out; asked once per dialog, not again when it was done.
 * @param {string} workspaceId
 * @param {Sample} sample
 * @param {SampleUse} use
 */
export const sampleEffectQuery = (workspaceId, sample, use) =>
  queryOptions({
    queryKey: ['sample-effect', workspaceId, sample.sample_id, JSON.stringify(use)],
    queryFn: () => sendUse(workspaceId, sample, use, true),
    gcTime: 0,
    staleTime: 0,
  });

/** @param {string} workspaceId @param {Sample} sample */
export function useApplySample(workspaceId, sample) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {SampleUse} */ use) => sendUse(workspaceId, sample, use, false),
    onSettled: (_, error, use) =>
      refreshAfterEdit(client, use.kind === 'add' ? use.workspaceId : workspaceId, error),
  });
}

/** A new workspace that holds only the sample. @param {string} workspaceId */
export function useSampleWorkspace(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {{sampleId: string, name: string}} */ { sampleId, name }) =>
      /** @type {Job<import('../model.d.ts').Workspace>} */ (
        await call(
          api.POST('/workspace/{workspace_id}/data/sample/{sample_id}/workspace', {
            params: { path: { workspace_id: workspaceId, sample_id: sampleId } },
            headers: creating(),
            body: { name },
          }),
        )
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/** @param {string} workspaceId */
export const exportFormatsQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...exportKey(workspaceId), 'formats'],
    queryFn: async ({ signal }) =>
      /** @type {import('./types.d.ts').ExportFormat[]} */ (
        await call(
          api.GET('/workspace/{workspace_id}/data/export/formats', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: workspaceId !== '',
  });

/** The finished exports, newest first. @param {string} workspaceId */
export const exportsQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...exportKey(workspaceId), 'list'],
    queryFn: async ({ signal }) =>
      /** @type {{exports: ExportResult[], total: number}} */ (
        await call(
          api.GET('/workspace/{workspace_id}/data/exports', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    enabled: workspaceId !== '',
  });

/**
 * @typedef {object} ExportRequest
 * @property {'yolo' | 'coco' | 'voc' | 'imagefolder' | 'csv'} format
 * @property {Selection | null} selection null for everything
 * @property {string[] | null} splits null for all
 * @property {boolean} include_images
 */

/** @param {string} workspaceId */
export function useExport(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {ExportRequest} */ body) =>
      /** @type {Job<ExportResult>} */ (
        await call(
          api.POST('/workspace/{workspace_id}/data/export', {
            params: { path: { workspace_id: workspaceId } },
            headers: creating(),
            body,
          }),
        )
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/** @param {string} workspaceId @param {string} exportId */
export const downloadUrl = (workspaceId, exportId) =>
  apiUrl(`/workspace/${workspaceId}/data/exports/${exportId}/download`);
