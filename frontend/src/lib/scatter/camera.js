// @ts-check
/**
 * Where the eye is: the centre in data units, and the zoom (clip units per data unit of the longer
 * side). Both axes have one scale, so a circle stays a circle.
 * @typedef {{ x: number, y: number, zoom: number }} Camera
 * @typedef {{ width: number, height: number }} Size
 */

/** Clip units per data unit. @param {Camera} camera @param {Size} size @returns {[number, number]} */
export function scaleOf({ zoom }, { width, height }) {
  return [zoom * Math.min(1, height / width), zoom * Math.min(1, width / height)];
}

/** @param {Camera} camera @param {Size} size @param {number} px pixels from the left @param {number} py pixels from the top @returns {[number, number]} */
export function toData(camera, size, px, py) {
  const [sx, sy] = scaleOf(camera, size);
  return [
    ((px / size.width) * 2 - 1) / sx + camera.x,
    (1 - (py / size.height) * 2) / sy + camera.y,
  ];
}

/** @param {Camera} camera @param {Size} size @param {number} x @param {number} y @returns {[number, number]} pixels */
export function toPixels(camera, size, x, y) {
  const [sx, sy] = scaleOf(camera, size);
  return [
    (((x - camera.x) * sx + 1) / 2) * size.width,
    ((1 - (y - camera.y) * sy) / 2) * size.height,
  ];
}

/** @param {Camera} camera @param {Size} size @param {number} dx pixels @param {number} dy @returns {Camera} */
export function panned(camera, size, dx, dy) {
  const [sx, sy] = scaleOf(camera, size);
  return {
    ...camera,
    x: camera.x - ((dx / size.width) * 2) / sx,
    y: camera.y + ((dy / size.height) * 2) / sy,
  };
}

/** Zooms about a pixel, which keeps its place. @param {Camera} camera @param {Size} size @param {number} factor @param {number} px @param {number} py @returns {Camera} */
export function zoomed(camera, size, factor, px, py) {
  const [x, y] = toData(camera, size, px, py);
  const next = { ...camera, zoom: camera.zoom * factor };
  const [nx, ny] = toData(next, size, px, py);
  return { ...next, x: next.x + x - nx, y: next.y + y - ny };
}
