// @ts-check
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { api, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { errorOfJob } from '../problems.js';
import { putJobs } from './jobs.js';

/** @typedef {import('./types.d.ts').Snapshot} Snapshot */
/** @typedef {import('./types.d.ts').SnapshotPage} SnapshotPage */
/** @typedef {import('./types.d.ts').Restored} Restored */
/** @typedef {import('./types.d.ts').SnapshotDiff} SnapshotDiff */
/**
 * @template R
 * @typedef {import('../model.d.ts').Job<R>} Job
 */

/** The working copy as the second side of a diff. */
export const WORKING = 'working';
const PREVIEW_WAIT_S = 60;
const DIFF_PAGE = 60;

/** @param {string} workspaceId */
const snapshotKey = (workspaceId) =>
  /** @type {const} */ ([...keys.workspace(workspaceId), 'snapshots']);

/** @param {string} workspaceId */
export const snapshotsQuery = (workspaceId) =>
  infiniteQueryOptions({
    queryKey: [...snapshotKey(workspaceId), 'list'],
    queryFn: async ({ signal, pageParam }) =>
      /** @type {SnapshotPage} */ (
        await call(
          api.GET('/workspace/{workspace_id}/snapshots', {
            params: {
              path: { workspace_id: workspaceId },
              query: pageParam ? { cursor: pageParam } : {},
            },
            signal,
          }),
        )
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: workspaceId !== '',
  });

/**
 * @param {string} workspaceId
 * @param {string} a
 * @param {string} b may be `working`
 * @param {import('./types.d.ts').ItemChange | ''} [change] one kind of change
 */
export const diffQuery = (workspaceId, a, b, change = '') =>
  infiniteQueryOptions({
    queryKey: [...snapshotKey(workspaceId), 'diff', a, b, change],
    queryFn: async ({ signal, pageParam }) =>
      /** @type {SnapshotDiff} */ (
        /** @type {unknown} */ (
          await call(
            api.GET('/workspace/{workspace_id}/snapshot/{a}/diff/{b}', {
              params: {
                path: { workspace_id: workspaceId, a, b },
                query: {
                  limit: DIFF_PAGE,
                  ...(change ? { change } : {}),
                  ...(pageParam ? { cursor: pageParam } : {}),
                },
              },
              signal,
            }),
          )
        )
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: a !== '' && b !== '' && a !== b,
  });

/** @param {string} workspaceId */
export const lineageQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...snapshotKey(workspaceId), 'lineage'],
    queryFn: async ({ signal }) =>
      /** @type {import('./types.d.ts').Lineage} */ (
        await call(
          api.GET('/workspace/{workspace_id}/lineage', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    enabled: workspaceId !== '',
  });

/** @param {string} workspaceId */
export function useCreateSnapshot(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (
      /** @type {{message: string, alias: string | null, allow_empty: boolean}} */ body,
    ) =>
      /** @type {Job<Snapshot>} */ (
        await call(
          api.POST('/workspace/{workspace_id}/snapshot', {
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
export function useRestore(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {{snapshotId: string, discardChanges: boolean}} */ request) =>
      /** @type {Job<Restored>} */ (
        await call(
          api.POST('/workspace/{workspace_id}/snapshot/{sid}/restore', {
            params: { path: { workspace_id: workspaceId, sid: request.snapshotId } },
            headers: creating(),
            body: { discard_changes: request.discardChanges, dry_run: false },
          }),
        )
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

/**
 * What a restore would do to the files. Asked once per dialog: the end of a job, of the restore itself above all, must
 * not ask it again.
 * @param {string} workspaceId
 * @param {string} snapshotId
 */
export const restoreEffectQuery = (workspaceId, snapshotId) =>
  queryOptions({
    queryKey: ['restore-effect', workspaceId, snapshotId],
    queryFn: async ({ signal }) => {
      const job = /** @type {Job<import('./types.d.ts').RestoreEffect>} */ (
        await call(
          api.POST('/workspace/{workspace_id}/snapshot/{sid}/restore', {
            params: { path: { workspace_id: workspaceId, sid: snapshotId } },
            headers: { Prefer: `wait=${PREVIEW_WAIT_S}` },
            body: { discard_changes: false, dry_run: true },
            signal,
          }),
        )
      );
      if (job.error) throw errorOfJob(job);
      return job.result;
    },
    staleTime: 0,
    gcTime: 0,
  });

/** @param {string} workspaceId */
export function useSetAlias(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (
      /** @type {{snapshotId: string, alias: string | null}} */ { snapshotId, alias },
    ) =>
      /** @type {Snapshot} */ (
        await call(
          api.PUT('/workspace/{workspace_id}/snapshot/{sid}/alias', {
            params: { path: { workspace_id: workspaceId, sid: snapshotId } },
            body: { alias },
          }),
        )
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: snapshotKey(workspaceId) }),
  });
}

/** @param {string} workspaceId */
export function useDeleteSnapshot(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {string} */ snapshotId) =>
      call(
        api.DELETE('/workspace/{workspace_id}/snapshot/{sid}', {
          params: { path: { workspace_id: workspaceId, sid: snapshotId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.workspace(workspaceId) }),
  });
}

/** @typedef {'verify' | 'repair' | 'gc' | 'push' | 'pull'} Maintenance */

/** @param {string} workspaceId @param {Maintenance} what @returns {Promise<unknown>} */
function requestMaintenance(workspaceId, what) {
  const shared = {
    params: { path: { workspace_id: workspaceId } },
    headers: creating(),
  };
  switch (what) {
    case 'gc':
      return call(api.POST('/workspace/{workspace_id}/gc', shared));
    case 'push':
      return call(api.POST('/workspace/{workspace_id}/push', { ...shared, body: {} }));
    case 'pull':
      return call(api.POST('/workspace/{workspace_id}/pull', { ...shared, body: {} }));
    default: {
      const body = {
        mode: /** @type {const} */ ('full'),
        slice: 1,
        of: 1,
        repair: what === 'repair',
      };
      return call(api.POST('/workspace/{workspace_id}/verify', { ...shared, body }));
    }
  }
}

/** Care for the stored versions, as a job. @param {string} workspaceId */
export function useMaintain(workspaceId) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {Maintenance} */ what) =>
      /** @type {Job<Record<string, unknown>>} */ (await requestMaintenance(workspaceId, what)),
    onSuccess: (job) => putJobs(client, [job]),
  });
}
