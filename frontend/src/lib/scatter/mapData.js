// @ts-check
import { ItemIds } from '../itemIds.js';
import { MaskedIds } from '../maskedIds.js';

/**
 * The binary map of the API: one line of JSON, then planar little-endian columns in the order that
 * the head names them. Points are shuffled, so any prefix is a fair sample.
 *
 * @typedef {object} MapData
 * @property {number} n
 * @property {string} encoder
 * @property {string} projection
 * @property {ItemIds} itemIds
 * @property {string[]} splits names of the split codes
 * @property {Float32Array} x
 * @property {Float32Array} y
 * @property {Int32Array} cluster −1: in none
 * @property {Uint8Array} split
 */

/** @type {Record<string, { new (buffer: ArrayBuffer, offset: number, n: number): ArrayBufferView, BYTES_PER_ELEMENT: number }>} */
const TYPES = {
  f4: Float32Array,
  i4: Int32Array,
  u1: Uint8Array,
  u8: BigUint64Array,
};
const NEWLINE = 10;

/**
 * @param {ArrayBuffer} buffer
 * @returns {MapData}
 * @throws {RangeError} when the bytes are not what the head says
 */
export function parseMap(buffer) {
  const bytes = new Uint8Array(buffer);
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) throw new RangeError('the map has no head');
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  /** @type {Record<string, any>} */
  const columns = {};
  let offset = end + 1;
  for (const column of head.columns) {
    const [name, type] = column.split(':');
    const Column = TYPES[type];
    if (!Column) throw new RangeError(`the map's column ${column} has an unknown type`);
    columns[name] = new Column(buffer, offset, head.n);
    offset += head.n * Column.BYTES_PER_ELEMENT;
  }
  const { item_id: itemIds, ...points } = columns;
  return /** @type {MapData} */ (
    /** @type {unknown} */ ({
      n: head.n,
      encoder: head.encoder,
      projection: head.projection,
      itemIds: new ItemIds(itemIds),
      splits: head.splits,
      ...points,
    })
  );
}

/**
 * @typedef {object} Coloring
 * @property {Uint16Array} codes category of each point
 * @property {{ code: number, count: number, value: number | string }[]} categories largest first
 */

/** @param {MapData} map @param {'cluster' | 'split'} by @returns {Coloring} */
export function colorBy(map, by) {
  const codes = new Uint16Array(map.n);
  const counts = new Uint32Array(65_536);
  for (let i = 0; i < map.n; i++) {
    const code = by === 'cluster' ? map.cluster[i] + 1 : map.split[i];
    codes[i] = code;
    counts[code]++;
  }
  const categories = Array.from(counts, (count, code) => ({ count, code }))
    .filter(({ count }) => count > 0)
    .map(({ code, count }) => ({
      code,
      count,
      value: by === 'cluster' ? code - 1 : (map.splits[code] ?? String(code)),
    }))
    .sort((a, b) => b.count - a.count);
  return { codes, categories };
}

/** The ids whose mask is set. @param {MapData} map @param {Uint8Array} mask @param {number} count */
export const idsOf = (map, mask, count) => new MaskedIds(map.itemIds, mask, count);

/** @param {MapData} map @param {ReadonlySet<string>} ids @returns {{ mask: Uint8Array, count: number }} */
export function maskOf(map, ids) {
  // Our own lasso comes back as it was.
  if (ids instanceof MaskedIds && ids.all === map.itemIds)
    return { mask: ids.mask, count: ids.size };
  return map.itemIds.maskOf(ids);
}

/**
 * A camera that shows nearly all points: the outermost half per cent must not squeeze the rest.
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @returns {{ x: number, y: number, zoom: number }}
 */
export function fitCamera(x, y) {
  const [x0, x1] = middle(x);
  const [y0, y1] = middle(y);
  const span = Math.max(x1 - x0, y1 - y0) || 1;
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, zoom: 1.8 / span };
}

const SAMPLE = 20_000;

/** @param {Float32Array} values */
function middle(values) {
  const sorted = values.slice(0, SAMPLE).sort();
  const cut = Math.floor(sorted.length * 0.005);
  return [sorted[cut] ?? 0, sorted[sorted.length - 1 - cut] ?? 0];
}
