// @ts-check
/**
 * How much of the working copy is in no snapshot; 0 also while nobody has looked yet.
 * @param {import('../api/model.d.ts').WorkspaceStatus | undefined} status
 */
export function changeCount(status) {
  if (!status) return 0;
  const { added, removed, modified } = status.uncommitted_changes;
  return added + removed + modified;
}
