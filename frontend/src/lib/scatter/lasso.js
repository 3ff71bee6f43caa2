// @ts-check
/**
 * Which points lie in a polygon (even-odd), by ray casting behind a bounding box.
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @param {Float64Array} polygon x0, y0, x1, y1, …
 * @param {(index: number) => boolean} [visible]
 * @returns {{ mask: Uint8Array, count: number }}
 */
export function pointsInPolygon(x, y, polygon, visible = () => true) {
  const n = x.length;
  const mask = new Uint8Array(n);
  let count = 0;
  const box = boundsOf(polygon);
  for (let i = 0; i < n; i++) {
    const px = x[i];
    const py = y[i];
    if (px < box.x0 || px > box.x1 || py < box.y0 || py > box.y1) continue;
    if (isInside(polygon, px, py) && visible(i)) {
      mask[i] = 1;
      count++;
    }
  }
  return { mask, count };
}

/** @param {Float64Array} polygon @param {number} px @param {number} py */
function isInside(polygon, px, py) {
  const corners = polygon.length / 2;
  let inside = false;
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    const yi = polygon[2 * i + 1];
    const yj = polygon[2 * j + 1];
    if (yi > py === yj > py) continue;
    const xi = polygon[2 * i];
    if (px < ((polygon[2 * j] - xi) * (py - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** @param {Float64Array} polygon */
function boundsOf(polygon) {
  const box = { x0: Infinity, x1: -Infinity, y0: Infinity, y1: -Infinity };
  for (let i = 0; i < polygon.length; i += 2) {
    box.x0 = Math.min(box.x0, polygon[i]);
    box.x1 = Math.max(box.x1, polygon[i]);
    box.y0 = Math.min(box.y0, polygon[i + 1]);
    box.y1 = Math.max(box.y1, polygon[i + 1]);
  }
  return box;
}

/**
 * The visible point nearest to a place, or −1 beyond `reach`.
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @param {number} px
 * @param {number} py
 * @param {number} reach
 * @param {(index: number) => boolean} [visible]
 */
export function nearestPoint(x, y, px, py, reach, visible = () => true) {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] - px;
    const dy = y[i] - py;
    const distance = dx * dx + dy * dy;
    if (distance < least && visible(i)) {
      least = distance;
      best = i;
    }
  }
  return best;
}
