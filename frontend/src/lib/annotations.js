// @ts-check
/** Shapes to draw of an annotation, in pixels of the image as stored (origin top left). */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/**
 * @typedef {object} Annotation
 * @property {string} class_name
 * @property {'box'|'polygon'|'mask'|'class'} kind
 * @property {Box | null} [box]
 * @property {number[][]} [polygons] rings of flat coordinates x1, y1, x2, y2, …
 * @property {Record<string, unknown>} [extra]
 */
/**
 * @typedef {object} Shape
 * @property {string} label
 * @property {Box} box encloses the shape
 * @property {string[]} rings `points` of an SVG polygon each; empty for a plain box
 */

/**
 * @param {Annotation} annotation
 * @returns {Shape | null} null for a class of the whole image
 */
export function shapeOf(annotation) {
  const polygons = annotation.polygons ?? [];
  const box = annotation.box ?? enclosingBox(polygons);
  if (!box) return null;
  return { label: annotation.class_name, box, rings: polygons.map(svgPoints) };
}

/** @param {number[][]} polygons @returns {Box | null} */
function enclosingBox(polygons) {
  const xs = polygons.flatMap((ring) => ring.filter((_, index) => index % 2 === 0));
  const ys = polygons.flatMap((ring) => ring.filter((_, index) => index % 2 === 1));
  if (xs.length === 0 || ys.length === 0) return null;
  const [x, y] = [smallest(xs), smallest(ys)];
  return {
    x,
    y,
    width: -smallest(xs.map((v) => -v)) - x,
    height: -smallest(ys.map((v) => -v)) - y,
  };
}

/** A loop, because spreading a long ring into Math.min overflows the stack. @param {number[]} values */
function smallest(values) {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

/** @param {number[]} ring */
function svgPoints(ring) {
  const points = [];
  for (let index = 0; index + 1 < ring.length; index += 2)
    points.push(`${ring[index]},${ring[index + 1]}`);
  return points.join(' ');
}

/**
 * How often each class occurs, most frequent first.
 * @param {readonly Annotation[]} annotations
 * @returns {[string, number][]}
 */
export function classCounts(annotations) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { class_name } of annotations)
    counts.set(class_name, (counts.get(class_name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}
