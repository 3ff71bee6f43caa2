// @ts-check
/** @typedef {import('../api/model.d.ts').DriftReport} DriftReport */
/** @typedef {import('../api/model.d.ts').ReportChange} ReportChange */

/**
 * The comparison of the base workspace as it is now with the same target; null where there is no such workspace.
 * @param {DriftReport} report
 */
export function againBody(report) {
  const base = report.base.workspace_id ?? report.workspaces.base;
  const { dataset_id: dataset, workspace_id: workspace, snapshot_id: snapshot } = report.target;
  if (!base || !(dataset || workspace)) return null;
  const target = workspace
    ? { target_workspace_id: workspace, ...(snapshot ? { target_snapshot_id: snapshot } : {}) }
    : { target_dataset_id: /** @type {string} */ (dataset) };
  return { base_workspace_id: base, ...target, alpha: report.alpha, seed: report.seed };
}

/**
 * The metrics that the newest run on each side has in common.
 * @param {ReportChange} change
 * @returns {{name: string, before: number, after: number}[]}
 */
export function metricRows({ before, after }) {
  const [old, now] = [before.runs?.[0]?.metrics ?? {}, after.runs?.[0]?.metrics ?? {}];
  return Object.entries(old).flatMap(([name, value]) => {
    const other = now[name];
    return typeof value === 'number' && typeof other === 'number'
      ? [{ name, before: value, after: other }]
      : [];
  });
}

/**
 * Reports that came before this one, newest first, and the newest that came after it.
 * @param {Pick<DriftReport, 'created_at'>} report
 * @param {readonly import('../api/model.d.ts').DriftReportSummary[]} related newest first
 */
export function byAge(report, related) {
  const time = Date.parse(report.created_at);
  const reports = related.filter((other) => Date.parse(other.created_at) < time);
  return { reports, later: related.find((other) => Date.parse(other.created_at) > time) };
}
