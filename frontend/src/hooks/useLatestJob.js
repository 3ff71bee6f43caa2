// @ts-check
import { useQuery } from '@tanstack/react-query';
import { isActive, jobsQuery } from '../api/queries/jobs.js';

/**
 * The newest job of a kind in a workspace that is running or has just failed: a panel finds its job
 * again after a reload, and when someone else started it.
 * @param {string} workspaceId
 * @param {string} kind
 */
export function useLatestJob(workspaceId, kind) {
  const { data } = useQuery(jobsQuery());
  const jobs = data?.items.filter((j) => j.workspace_id === workspaceId && j.kind === kind) ?? [];
  const newest = jobs[0];
  return newest && (isActive(newest) || newest.state !== 'succeeded') ? newest : undefined;
}
