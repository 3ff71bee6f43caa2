// @ts-check
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, call } from '../client.js';
import { keys } from '../keys.js';

/** @typedef {import('../model.d.ts').Job} Job */
/** @typedef {import('@tanstack/react-query').QueryClient} QueryClient */

const RUNNING = new Set(['queued', 'running']);

/** @param {Pick<Job, 'state'> | null | undefined} job */
export const isActive = (job) => job !== null && job !== undefined && RUNNING.has(job.state);

/** The newest jobs. Events keep it fresh, so it is never stale by age. */
export const jobsQuery = () =>
  queryOptions({
    queryKey: keys.jobs,
    queryFn: async ({ signal }) =>
      /** @type {import('../model.d.ts').Page<Job>} */ (
        await call(api.GET('/jobs', { params: { query: { limit: 100 } }, signal }))
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** @param {string} jobId */
export const jobQuery = (jobId) =>
  queryOptions({
    queryKey: keys.job(jobId),
    queryFn: async ({ signal }) =>
      /** @type {Job} */ (
        await call(api.GET('/jobs/{job_id}', { params: { path: { job_id: jobId } }, signal }))
      ),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: jobId !== '',
  });

/**
 * Follows a job to its end; `onDone` is called once, with the finished job.
 * @param {string | null | undefined} jobId
 * @param {(job: Job) => void} [onDone]
 * @returns {Job | undefined}
 */
export function useJob(jobId, onDone) {
  const { data: job } = useQuery(jobQuery(jobId ?? ''));
  const told = useRef(/** @type {string | null} */ (null));
  useEffect(() => {
    if (!job || isActive(job) || told.current === job.job_id) return;
    told.current = job.job_id;
    onDone?.(job);
  }, [job, onDone]);
  return jobId ? job : undefined;
}

export function useCancelJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {string} */ jobId) =>
      /** @type {Job} */ (
        await call(api.POST('/jobs/{job_id}/cancel', { params: { path: { job_id: jobId } } }))
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/**
 * Writes jobs, or parts of them, into the cache; the end of one invalidates what it may have changed.
 * @param {QueryClient} client
 * @param {(Partial<Job> & { job_id: string })[]} updates
 */
export function putJobs(client, updates) {
  for (const update of updates) putJob(client, update);
}

/** @param {QueryClient} client @param {Partial<Job> & { job_id: string }} update */
function putJob(client, update) {
  const key = keys.job(update.job_id);
  const known = /** @type {Job | undefined} */ (client.getQueryData(key)) ?? inList(client, update);
  if (!known && !('kind' in update && 'state' in update)) {
    client.invalidateQueries({ queryKey: keys.jobs, exact: true });
    return;
  }
  const job = /** @type {Job} */ ({ ...known, ...update });
  client.setQueryData(key, job);
  client.setQueryData(jobsQuery().queryKey, (page) => page && withJob(page, job));
  const ended = !isActive(job) && (!known || isActive(known));
  if (!ended) return;
  if (!('result' in update)) client.invalidateQueries({ queryKey: key });
  invalidateAfter(client, job);
}

/** @param {QueryClient} client @param {{ job_id: string }} update */
const inList = (client, update) =>
  client.getQueryData(jobsQuery().queryKey)?.items.find((j) => j.job_id === update.job_id);

/** @param {import('../model.d.ts').Page<Job>} page @param {Job} job */
function withJob(page, job) {
  const at = page.items.findIndex((j) => j.job_id === job.job_id);
  if (at < 0) return { ...page, items: [job, ...page.items], total: page.total + 1 };
  return { ...page, items: page.items.with(at, job) };
}

/** @param {QueryClient} client @param {Job} job */
function invalidateAfter(client, job) {
  client.invalidateQueries({ queryKey: keys.datasets });
  client.invalidateQueries({ queryKey: keys.drift });
  client.invalidateQueries({ queryKey: keys.workspaces });
  if (job.workspace_id) client.invalidateQueries({ queryKey: keys.workspace(job.workspace_id) });
}
