// @ts-check
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { API_ROOT, api, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { putJobs } from './jobs.js';

/** @typedef {import('../model.d.ts').DriftReport} DriftReport */
/** @typedef {import('../model.d.ts').DriftItem} DriftItem */
/** @typedef {import('../model.d.ts').Job<DriftReport>} DriftJob */
/** @typedef {{ side: 'base' | 'target', sort: 'score' | '-score' | 'outlier' | '-outlier' }} DriftOrder */
/**
 * @template T
 * @typedef {import('../model.d.ts').Page<T>} Page
 */

export const driftReportsQuery = () =>
  queryOptions({
    queryKey: [...keys.drift, 'list'],
    queryFn: async ({ signal }) =>
      /** @type {Page<import('../model.d.ts').DriftReportSummary>} */ (
        /** @type {unknown} */ (
          await call(api.GET('/drift', { params: { query: { limit: 100 } }, signal }))
        )
      ),
  });

/** @param {string} reportId */
export const driftReportQuery = (reportId) =>
  queryOptions({
    queryKey: [...keys.drift, 'one', reportId],
    queryFn: async ({ signal }) =>
      /** @type {DriftReport} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/drift/{report_id}', { params: { path: { report_id: reportId } }, signal }),
          )
        )
      ),
  });

/**
 * @param {string} reportId
 * @param {DriftOrder & { limit?: number }} order
 */
export const driftItemsQuery = (reportId, { side, sort, limit = 24 }) =>
  infiniteQueryOptions({
    queryKey: [...keys.drift, 'items', reportId, side, sort, limit],
    queryFn: async ({ signal, pageParam }) =>
      /** @type {Page<DriftItem>} */ (
        await call(
          api.GET('/drift/{report_id}/items', {
            params: {
              path: { report_id: reportId },
              query: { side, sort, limit, ...(pageParam ? { cursor: pageParam } : {}) },
            },
            signal,
          }),
        )
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });

/**
 * The target's images of a joint cluster, those most like the target first.
 * @param {string} reportId
 * @param {number} cluster
 */
export const clusterIdsQuery = (reportId, cluster) =>
  queryOptions({
    queryKey: [...keys.drift, 'ids', reportId, cluster],
    queryFn: async ({ signal }) =>
      call(
        api.GET('/drift/{report_id}/ids', {
          params: {
            path: { report_id: reportId },
            query: { side: 'target', cluster, limit: 100_000 },
          },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Other reports on the very same target images, newest first. @param {string} reportId */
export const relatedReportsQuery = (reportId) =>
  queryOptions({
    queryKey: [...keys.drift, 'related', reportId],
    queryFn: async ({ signal }) =>
      /** @type {import('../model.d.ts').DriftReportSummary[]} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/drift/{report_id}/related', {
              params: { path: { report_id: reportId } },
              signal,
            }),
          )
        )
      ),
  });

/** How drift changed from an earlier report to this one. @param {string} reportId @param {string} before */
export const beforeAfterQuery = (reportId, before) =>
  queryOptions({
    queryKey: [...keys.drift, 'before-after', reportId, before],
    queryFn: async ({ signal }) =>
      /** @type {import('../model.d.ts').ReportChange} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/drift/{report_id}/before-after', {
              params: { path: { report_id: reportId }, query: { before } },
              signal,
            }),
          )
        )
      ),
    enabled: before !== '',
  });

export function useRunDrift() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (
      /** @type {import('../schema.d.ts').components['schemas']['DriftBody']} */ body,
    ) => /** @type {DriftJob} */ (await call(api.POST('/drift', { body, headers: creating() }))),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/** @param {string} reportId @param {string} language */
export const reportHtmlUrl = (reportId, language) =>
  `${API_ROOT}/drift/${encodeURIComponent(reportId)}/report.html?lang=${language}`;
