// @ts-check
/** @typedef {import('../api/model.d.ts').Workspace} Workspace */
/** @typedef {Partial<Record<'base' | 'target', string>>} Pair ids by role */

/**
 * The two workspaces of one drift report. Where a side was made twice, the newest stands for it,
 * except that the open workspace always stands for its own.
 * @param {string} workspaceId
 * @param {Workspace[]} workspaces newest first
 * @returns {Pair}
 */
export function pairOf(workspaceId, workspaces) {
  const open = workspaces.find((w) => w.workspace_id === workspaceId);
  if (!open?.drift_report_id || !open.role) return {};
  /** @type {Pair} */
  const pair = { [open.role]: workspaceId };
  for (const other of workspaces) {
    if (other.drift_report_id !== open.drift_report_id || !other.role) continue;
    pair[other.role] ??= other.workspace_id;
  }
  return pair;
}
