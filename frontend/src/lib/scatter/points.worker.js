// @ts-check
import { nearestPoint, pointsInPolygon } from './lasso.js';

/**
 * Geometry over all points, off the main thread, so that a lasso never holds up a frame.
 *
 * @typedef {{ type: 'data', x: Float32Array, y: Float32Array, codes: Uint16Array, hidden: number[] }} DataMessage
 * @typedef {{ type: 'lasso', polygon: Float64Array }} LassoMessage
 * @typedef {{ type: 'nearest', x: number, y: number, reach: number }} NearestMessage
 * @typedef {{ type: 'lasso', mask: Uint8Array, count: number } | { type: 'nearest', index: number }} Answer
 */

/** @type {DataMessage | null} */
let data = null;
/** @type {Set<number>} */
let hidden = new Set();

/** @param {number} index */
const visible = (index) => hidden.size === 0 || !hidden.has(data?.codes[index] ?? -1);

self.onmessage = (
  /** @type {MessageEvent<DataMessage | LassoMessage | NearestMessage>} */ { data: message },
) => {
  if (message.type === 'data') {
    data = message;
    hidden = new Set(message.hidden);
    return;
  }
  if (!data) return;
  const { x, y } = data;
  if (message.type === 'nearest') {
    const index = nearestPoint(x, y, message.x, message.y, message.reach, visible);
    self.postMessage({ type: 'nearest', index });
    return;
  }
  const { mask, count } = pointsInPolygon(x, y, message.polygon, visible);
  self.postMessage({ type: 'lasso', mask, count }, { transfer: [mask.buffer] });
};
