// @ts-check
/** How much of the surroundings is shown: the window's sides are at least this many times the box's. */
const CONTEXT = 2.5;
/** In pixels of the image: what a thumbnail of it can still show. */
const SMALLEST = 48;

/** @typedef {{ x: number, y: number, width: number, height: number }} Window */

/**
 * The part of an image to look at a box in: around it, inside the image, of the frame's proportions where the image
 * is large enough.
 * @param {readonly [number, number, number, number] | null} box x1, y1, x2, y2; null for the whole image
 * @param {{ width: number, height: number }} image
 * @param {number} aspect width / height of the frame
 * @returns {Window}
 */
export function cropAround(box, image, aspect) {
  const [x1, y1, x2, y2] = box ?? [0, 0, image.width, image.height];
  const wanted = Math.max((x2 - x1) * CONTEXT, (y2 - y1) * CONTEXT * aspect, SMALLEST);
  const width = box ? Math.min(wanted, image.width) : image.width;
  const height = box ? Math.min(wanted / aspect, image.height) : image.height;
  return {
    x: inside((x1 + x2 - width) / 2, image.width - width),
    y: inside((y1 + y2 - height) / 2, image.height - height),
    width,
    height,
  };
}

/** @param {number} value @param {number} most */
const inside = (value, most) => Math.min(Math.max(0, value), Math.max(0, most));
