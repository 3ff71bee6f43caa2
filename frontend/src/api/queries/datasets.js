// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { RESUMABLE_FROM, uploadMultipart, uploadResumable } from '../uploads.js';
import { putJobs } from './jobs.js';

/** @typedef {import('../model.d.ts').Dataset} Dataset */
/** @typedef {import('../model.d.ts').Job<Dataset>} IngestJob */
/** @typedef {import('../model.d.ts').Page<Dataset>} DatasetPage */

export const datasetsQuery = () =>
  queryOptions({
    queryKey: [...keys.datasets, 'list'],
    queryFn: async ({ signal }) =>
      /** @type {DatasetPage} */ (
        await call(api.GET('/datasets', { params: { query: { limit: 500 } }, signal }))
      ),
  });

/** @param {string} datasetId */
export const datasetQuery = (datasetId) =>
  queryOptions({
    queryKey: [...keys.datasets, 'one', datasetId],
    queryFn: async ({ signal }) =>
      /** @type {Dataset} */ (
        await call(
          api.GET('/datasets/{dataset_id}', {
            params: { path: { dataset_id: datasetId } },
            signal,
          }),
        )
      ),
    enabled: datasetId !== '',
  });

/**
 * @typedef {object} UploadInput
 * @property {File} file
 * @property {string} name
 * @property {AbortSignal} signal
 * @property {(sent: number, total: number) => void} onProgress
 */

/** Sends an archive; what comes back is the ingest's job id. */
export function useUploadDataset() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {UploadInput} */ { file, name, signal, onProgress }) => {
      const options = { file, fields: { name }, signal, onProgress };
      if (file.size >= RESUMABLE_FROM) return uploadResumable(options);
      /** @type {IngestJob} */
      const job = await uploadMultipart('/datasets', options);
      putJobs(client, [job]);
      return job.job_id;
    },
  });
}

export function useRegisterDataset() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {{ name: string, path: string }} */ body) =>
      /** @type {IngestJob} */ (
        await call(api.POST('/datasets/register', { body, headers: creating() }))
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

export function useDeleteDataset() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {string} */ datasetId) =>
      call(api.DELETE('/datasets/{dataset_id}', { params: { path: { dataset_id: datasetId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.datasets }),
  });
}
