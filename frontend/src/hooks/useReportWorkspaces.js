// @ts-check
import { useQuery } from '@tanstack/react-query';
import { workspacesQuery } from '../api/queries/workspaces.js';

/** @typedef {import('../api/model.d.ts').Role} Role */

/**
 * The workspace where the images of each side can be worked on: the side itself, the one made from this report, or
 * else the newest one made from the same dataset. Items keep their ids in all of them.
 * @param {import('../api/model.d.ts').DriftReport} report
 * @returns {Partial<Record<Role, string>>}
 */
export function useReportWorkspaces(report) {
  const all = useQuery(workspacesQuery()).data?.workspaces ?? [];
  /** @param {Role} role */
  const of = (role) => {
    const { workspace_id: own, dataset_id: dataset } = report[role];
    if (own) return own;
    const made = all.find((w) => w.drift_report_id === report.report_id && w.role === role);
    const same = all.find((w) => dataset && w.dataset_id === dataset);
    return report.workspaces[role] ?? (made ?? same)?.workspace_id;
  };
  return { base: of('base'), target: of('target') };
}
