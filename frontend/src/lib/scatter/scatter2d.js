// @ts-check
import { scaleOf } from './camera.js';
import { pointSize } from './scatterGl.js';

/** What a 2-D canvas draws in good time; more are sampled, and the panel says so. */
export const MAX_2D_POINTS = 50_000;

/**
 * The same renderer without WebGL.
 * @param {HTMLCanvasElement} canvas
 * @returns {import('./scatterGl.js').Renderer}
 */
export function create2dScatter(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  /** @type {import('./scatterGl.js').Points | null} */
  let points = null;
  let palette = new Uint8Array(4);
  /** @type {Uint8Array | null} */
  let mask = null;
  let camera = { x: 0, y: 0, zoom: 1 };
  let frame = 0;

  function draw() {
    frame = 0;
    const { width, height } = canvas;
    context.clearRect(0, 0, width, height);
    if (!points) return;
    const { x, y, codes } = points;
    const [sx, sy] = scaleOf(camera, canvas);
    const size = pointSize(x.length, camera, canvas);
    const count = Math.min(x.length, MAX_2D_POINTS);
    for (let i = 0; i < count; i++) {
      const c = codes[i] * 4;
      if (palette[c + 3] === 0) continue;
      const lit = mask === null || mask[i] === 1;
      context.fillStyle = `rgb(${palette[c]} ${palette[c + 1]} ${palette[c + 2]} / ${lit ? 85 : 16}%)`;
      const px = (((x[i] - camera.x) * sx + 1) / 2) * width;
      const py = ((1 - (y[i] - camera.y) * sy) / 2) * height;
      context.fillRect(px - size / 2, py - size / 2, size, size);
    }
  }

  function redraw() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  return {
    kind: '2d',
    setPoints(next) {
      points = next;
      mask = null;
      redraw();
    },
    setPalette(next) {
      palette = new Uint8Array(next);
      redraw();
    },
    setMask(next) {
      mask = next;
      redraw();
    },
    setCamera(next) {
      camera = next;
      redraw();
    },
    resize: redraw,
    destroy: () => cancelAnimationFrame(frame),
  };
}
