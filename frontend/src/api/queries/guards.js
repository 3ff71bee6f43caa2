// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { putJobs } from './jobs.js';

/** @typedef {import('../model.d.ts').Guard} Guard */
/** @typedef {import('../model.d.ts').Job} Job */

/** A finished check changes the guards as it changes the reports: they stand below one key. */
const guardsKey = /** @type {const} */ ([...keys.drift, 'guards']);

export const guardsQuery = () =>
  queryOptions({
    queryKey: guardsKey,
    queryFn: async ({ signal }) =>
      /** @type {{items: Guard[], total: number}} */ (
        /** @type {unknown} */ (await call(api.GET('/guards', { signal })))
      ),
  });

/** The outcome of a check and its failing images, most target-like first. @param {string} guardId @param {string} reportId */
export const guardCheckQuery = (guardId, reportId) =>
  queryOptions({
    queryKey: [...guardsKey, guardId, reportId],
    queryFn: async ({ signal }) =>
      /** @type {import('../model.d.ts').GuardCheck} */ (
        await call(
          api.GET('/guards/{guard_id}/checks/{report_id}', {
            params: { path: { guard_id: guardId, report_id: reportId } },
            signal,
          }),
        )
      ),
  });

export function useCreateGuard() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (
      /** @type {{name: string, base_dataset_id: string, effect_threshold?: number}} */ body,
    ) => /** @type {Job} */ (await call(api.POST('/guards', { body, headers: creating() }))),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/** @param {string} guardId */
export function useCheckGuard(guardId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {string} */ datasetId) =>
      /** @type {Job} */ (
        await call(
          api.POST('/guards/{guard_id}/check', {
            params: { path: { guard_id: guardId } },
            body: { target_dataset_id: datasetId },
            headers: creating(),
          }),
        )
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

export function useDeleteGuard() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {string} */ guardId) =>
      call(api.DELETE('/guards/{guard_id}', { params: { path: { guard_id: guardId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: guardsKey }),
  });
}
