// @ts-check
import { apiUrl } from '../api/client.js';
import { WORKING } from '../api/queries/snapshots.js';

/** @typedef {import('../api/queries/types.d.ts').DiffItem} DiffItem */

/**
 * The address of the picture that an item of a diff had: of a version it is named by its content, so that it can
 * still be seen when the data has it no more; of the working copy it is the item as it is now.
 * @param {string} workspaceId
 * @param {DiffItem} item
 * @param {string} target the version on the new side, or `working`
 * @param {number} size longer side in pixels
 */
export function diffImage(workspaceId, item, target, size) {
  const place = item.new ?? item.old;
  if (!place || place.width === 0) return null;
  return apiUrl(
    item.new && target === WORKING
      ? `/workspace/${workspaceId}/data/item/${item.item_id}/preview?size=${size}&v=${place.content_hash.slice(0, 8)}`
      : `/workspace/${workspaceId}/content/${place.content_hash}/preview?size=${size}`,
  );
}
