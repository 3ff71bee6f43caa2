// @ts-check
/**
 * The bin under a place.
 * @param {number} share 0 at the left edge, 1 at the right
 * @param {number} bins
 */
export const binAt = (share, bins) => Math.min(bins - 1, Math.max(0, Math.floor(share * bins)));

/**
 * The range that bins span, in whichever direction they were dragged over.
 * @param {number[]} edges one more than bins
 * @param {number} from
 * @param {number} to
 * @returns {{ min: number, max: number }}
 */
export function rangeOfBins(edges, from, to) {
  const low = Math.min(from, to);
  const high = Math.max(from, to);
  return { min: edges[low] ?? 0, max: edges[high + 1] ?? 0 };
}

/**
 * The range of a histogram whose outermost bins hold all that lies beyond them, too.
 * @param {number[]} edges
 * @param {{ min?: number, max?: number }} range
 * @returns {{ min?: number, max?: number }}
 */
export function openEnded(edges, { min, max }) {
  return {
    ...(min !== undefined && min > (edges[0] ?? -Infinity) ? { min } : {}),
    ...(max !== undefined && max < (edges.at(-1) ?? Infinity) ? { max } : {}),
  };
}
