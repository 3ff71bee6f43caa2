// @ts-check
import { apiUrl } from '../api/client.js';

/**
 * The address of a thumbnail in a size of one's own.
 * @param {string} url as the API gave it
 * @param {number} size longer side in pixels
 */
export function thumbnailAt(url, size) {
  const [path = '', query] = url.split('?');
  const params = new URLSearchParams(query);
  params.set('size', String(size));
  return `${apiUrl(path)}?${params}`;
}

/**
 * A thumbnail of an item of one side of a report.
 * @param {import('../api/model.d.ts').DriftSide} side
 * @param {string} itemId
 * @param {number} size
 */
export function exampleUrl(side, itemId, size) {
  const owner = side.workspace_id
    ? `/workspace/${side.workspace_id}/data`
    : `/datasets/${side.dataset_id}`;
  return thumbnailAt(`${owner}/item/${encodeURIComponent(itemId)}/preview`, size);
}

/** @param {string} workspaceId @param {string} itemId @param {number} size */
export const itemThumbnail = (workspaceId, itemId, size) =>
  thumbnailAt(
    `/workspace/${encodeURIComponent(workspaceId)}/data/item/${encodeURIComponent(itemId)}/preview`,
    size,
  );
