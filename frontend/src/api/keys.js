// @ts-check
/**
 * Query keys. Everything that belongs to a workspace begins with `['workspace', id]`, so that one
 * call invalidates what a finished job may have changed.
 */
export const keys = {
  datasets: /** @type {const} */ (['datasets']),
  drift: /** @type {const} */ (['drift']),
  workspaces: /** @type {const} */ (['workspaces']),
  jobs: /** @type {const} */ (['jobs']),
  /** @param {string} id */
  job: (id) => /** @type {const} */ (['jobs', id]),
  /** @param {string} id */
  workspace: (id) => /** @type {const} */ (['workspace', id]),
};
