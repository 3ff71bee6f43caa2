// @ts-check
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, call, creating } from '../client.js';
import { keys } from '../keys.js';
import { putJobs } from './jobs.js';

/** @typedef {import('../model.d.ts').Workspace} Workspace */
/** @typedef {import('../model.d.ts').WorkspaceStatus} WorkspaceStatus */

/**
 * @typedef {object} CreateWorkspace
 * @property {string} [name]
 * @property {string} [dataset_id]
 * @property {string} [drift_report_id]
 * @property {'base' | 'target'} [role]
 */

export const workspacesQuery = () =>
  queryOptions({
    queryKey: [...keys.workspaces, 'list'],
    queryFn: async ({ signal }) =>
      /** @type {{ workspaces: Workspace[], next_cursor: string | null, total: number }} */ (
        await call(api.GET('/workspaces', { params: { query: { limit: 500 } }, signal }))
      ),
  });

/** @param {string} workspaceId */
export const workspaceStatusQuery = (workspaceId) =>
  queryOptions({
    queryKey: [...keys.workspace(workspaceId), 'status'],
    queryFn: async ({ signal }) =>
      /** @type {WorkspaceStatus} */ (
        await call(
          api.GET('/workspace/{workspace_id}/status', {
            params: { path: { workspace_id: workspaceId } },
            signal,
          }),
        )
      ),
    enabled: workspaceId !== '',
  });

export function useCreateWorkspace() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (/** @type {CreateWorkspace} */ body) =>
      /** @type {import('../model.d.ts').Job<Workspace>} */ (
        await call(api.POST('/workspace/create', { body, headers: creating() }))
      ),
    onSuccess: (job) => putJobs(client, [job]),
  });
}

export function useDeleteWorkspace() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {string} */ workspaceId) =>
      call(
        api.DELETE('/workspace/{workspace_id}', {
          params: { path: { workspace_id: workspaceId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.workspaces }),
  });
}

export function useUndeleteWorkspace() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (/** @type {string} */ workspaceId) =>
      call(
        api.POST('/workspace/{workspace_id}/undelete', {
          params: { path: { workspace_id: workspaceId } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.workspaces }),
  });
}
