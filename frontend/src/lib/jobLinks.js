// @ts-check
/** @typedef {import('../api/model.d.ts').Job} Job */

/** The panel where the product of a kind of job is seen, by the start of its name. @type {[RegExp, string][]} */
const PANELS = [
  [/^analy/, 'analysis'],
  [/^(sample|export)/, 'sampling'],
  [/^(experiment|run)/, 'experiments'],
  [/^(snapshot|restore)/, 'snapshots'],
];

/**
 * Where to look at what a job made, or null when there is nothing to look at.
 * @param {Job} job
 * @returns {string | null}
 */
export function linkOfJob(job) {
  const result = /** @type {Record<string, unknown> | null} */ (job.result);
  if (typeof result?.report_id === 'string') return `/drift/${result.report_id}`;
  if (typeof result?.guard_id === 'string') return '/drift';
  if (job.workspace_id) {
    const panel = PANELS.find(([start]) => start.test(job.kind))?.[1] ?? 'data';
    return `/w/${job.workspace_id}/${panel}`;
  }
  if (typeof result?.workspace_id === 'string') return `/w/${result.workspace_id}/data`;
  if (typeof result?.dataset_id === 'string') return `/drift?target=${result.dataset_id}`;
  return null;
}

/**
 * What a job was about, as far as it says.
 * @param {Job} job
 * @returns {string | null}
 */
export function subjectOfJob(job) {
  const result =
    /** @type {{ name?: unknown, base?: { name?: unknown }, target?: { name?: unknown } } | null} */ (
      job.result
    );
  if (typeof result?.base?.name === 'string' && typeof result.target?.name === 'string')
    return `${result.base.name} → ${result.target.name}`;
  if (typeof result?.name === 'string') return result.name;
  return job.workspace_id ?? null;
}
