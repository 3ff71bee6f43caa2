// @ts-check
/** @typedef {import('../api/queries/types.d.ts').LineageNode} LineageNode */

/**
 * Where a node of the lineage leads to.
 * @param {LineageNode} node
 * @param {string} workspaceId
 * @returns {string | null} an address of the UI
 */
export function linkOfNode({ id, type }, workspaceId) {
  const encoded = encodeURIComponent(id);
  if (type === 'snapshot') return `/w/${workspaceId}/snapshots?snapshot=${encoded}`;
  if (type === 'run') return `/w/${workspaceId}/experiments?run=${encoded}`;
  if (type === 'drift') return `/drift/${encoded}`;
  if (type === 'sample') return `/w/${workspaceId}/sampling?sample=${encoded}`;
  return null;
}
