// @ts-check
/**
 * Geometry of a virtual grid of any length. Browsers clamp an element's height (Chromium near 33.5 M px, Firefox near
 * 17.8 M), so the spacer never grows beyond MAX_PX; above that the scroll position is read proportionally.
 * "Virtual" pixels are those of the full grid, "physical" ones are those of the spacer that the browser scrolls.
 */
export const MAX_PX = 8_000_000;

/**
 * @typedef {object} GridOptions
 * @property {number} count items
 * @property {number} cell least side of a cell in px
 * @property {number} gap px between cells
 * @property {number} width of the viewport in px
 * @property {number} height of the viewport in px
 */
/**
 * @typedef {object} Geometry
 * @property {number} count
 * @property {number} cell side of a cell: at least what was asked for, and as much more as fills the row
 * @property {number} gap
 * @property {number} height
 * @property {number} columns
 * @property {number} rows
 * @property {number} rowHeight
 * @property {number} virtualHeight
 * @property {number} physicalHeight
 * @property {number} maxTop largest virtual scroll position
 * @property {number} scale virtual px per physical px, 1 for grids below the cap
 */

/**
 * @param {GridOptions} options
 * @returns {Geometry}
 */
export function gridGeometry({ count, cell: least, gap, width, height }) {
  const columns = Math.max(1, Math.floor((width - gap) / (least + gap)));
  const cell = Math.max(least, Math.floor((width - gap) / columns) - gap);
  const rowHeight = cell + gap;
  const rows = Math.ceil(count / columns);
  const virtualHeight = rows * rowHeight + gap;
  const physicalHeight = Math.min(virtualHeight, MAX_PX);
  const maxTop = Math.max(0, virtualHeight - height);
  const scale = physicalHeight > height ? maxTop / (physicalHeight - height) : 1;
  return {
    count,
    cell,
    gap,
    height,
    columns,
    rows,
    rowHeight,
    virtualHeight,
    physicalHeight,
    maxTop,
    scale,
  };
}

/**
 * The rows to draw at a virtual scroll position, both ends included; `last < first` when there is nothing to draw.
 * @param {Geometry} geometry
 * @param {number} top
 * @param {number} [overscan] rows drawn beyond each edge
 */
export function visibleRows(geometry, top, overscan = 2) {
  const first = Math.max(0, Math.floor(top / geometry.rowHeight) - overscan);
  const last = Math.min(
    geometry.rows - 1,
    Math.ceil((top + geometry.height) / geometry.rowHeight) + overscan,
  );
  return { first, last };
}

/**
 * Physical y of a row while the grid stands at virtual position `top`.
 * @param {Geometry} geometry
 * @param {number} row
 * @param {number} top
 */
export function rowOffset(geometry, row, top) {
  return Math.round(geometry.gap + row * geometry.rowHeight + top / geometry.scale - top);
}

/**
 * Virtual position that shows an item: unchanged when its row is wholly visible, else the nearest that shows it.
 * @param {Geometry} geometry
 * @param {number} index
 * @param {number} top
 */
export function topToReveal(geometry, index, top) {
  const start = Math.floor(index / geometry.columns) * geometry.rowHeight;
  const end = start + geometry.rowHeight + geometry.gap;
  if (start < top) return clampTop(geometry, start);
  if (end > top + geometry.height) return clampTop(geometry, end - geometry.height);
  return top;
}

/**
 * @param {Geometry} geometry
 * @param {number} top
 */
export function clampTop(geometry, top) {
  return Math.min(geometry.maxTop, Math.max(0, top));
}

/** Pixels that one wheel step means: browsers report pixels, lines or pages. */
const WHEEL_UNIT_PX = [1, 40, 800];

/** @param {{deltaY: number, deltaMode: number}} event */
export function wheelPixels(event) {
  return event.deltaY * (WHEEL_UNIT_PX[event.deltaMode] ?? 1);
}
