// @ts-check
import { useCallback, useEffect, useRef, useState } from 'react';
import { panned, toData, zoomed } from '../lib/scatter/camera.js';
import { fitCamera } from '../lib/scatter/mapData.js';
import { create2dScatter } from '../lib/scatter/scatter2d.js';
import { createGlScatter } from '../lib/scatter/scatterGl.js';

/** @typedef {import('../lib/scatter/mapData.js').MapData} MapData */
/** @typedef {import('../lib/scatter/camera.js').Camera} Camera */
/** @typedef {import('../lib/scatter/scatterGl.js').Renderer} Renderer */

/**
 * A renderer on a canvas, its camera and its worker.
 * @param {object} options
 * @param {MapData} options.map
 * @param {Uint16Array} options.codes
 * @param {Uint8Array} options.palette
 * @param {number[]} options.hidden codes that are not shown
 * @param {Uint8Array | null} options.mask what is selected
 * @param {(mask: Uint8Array, count: number) => void} options.onLasso
 */
export function useScatter({ map, codes, palette, hidden, mask, onLasso }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const renderer = useRef(/** @type {Renderer | null} */ (null));
  const worker = useRef(/** @type {Worker | null} */ (null));
  const camera = useRef(/** @type {Camera} */ ({ x: 0, y: 0, zoom: 1 }));
  const lasso = useRef(onLasso);
  lasso.current = onLasso;
  const [kind, setKind] = useState(/** @type {Renderer['kind']} */ ('webgl2'));
  const [nearest, setNearest] = useState(-1);

  const size = useCallback(
    () => ({
      width: canvas.current?.clientWidth || 1,
      height: canvas.current?.clientHeight || 1,
    }),
    [],
  );
  const look = useCallback((/** @type {Camera} */ next, moving = true) => {
    camera.current = next;
    renderer.current?.setCamera(next, moving);
  }, []);

  useEffect(() => {
    const element = /** @type {HTMLCanvasElement} */ (canvas.current);
    const made = createGlScatter(element) ?? create2dScatter(element);
    renderer.current = made;
    setKind(made.kind);
    const resize = () => {
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const width = Math.max(1, Math.round(element.clientWidth * ratio));
      const height = Math.max(1, Math.round(element.clientHeight * ratio));
      // An observer reports once at its start: setting an equal size would throw away what is drawn.
      if (element.width === width && element.height === height) return;
      Object.assign(element, { width, height });
      made.resize();
    };
    const observer = new ResizeObserver(resize);
    observer.observe(element);
    resize();
    return () => {
      observer.disconnect();
      made.destroy();
      renderer.current = null;
    };
  }, []);

  useEffect(() => {
    const started = new Worker(new URL('../lib/scatter/points.worker.js', import.meta.url), {
      type: 'module',
    });
    worker.current = started;
    started.onmessage = ({ data }) => {
      if (data.type === 'lasso') lasso.current(data.mask, data.count);
      else setNearest(data.index);
    };
    return () => {
      started.terminate();
      worker.current = null;
    };
  }, []);

  useEffect(() => {
    renderer.current?.setPoints({ x: map.x, y: map.y, codes });
  }, [map, codes]);
  useEffect(() => look(fitCamera(map.x, map.y), false), [map, look]);
  useEffect(() => renderer.current?.setPalette(palette), [palette]);
  useEffect(() => renderer.current?.setMask(mask), [mask]);
  useEffect(() => {
    worker.current?.postMessage({ type: 'data', x: map.x, y: map.y, codes, hidden });
  }, [map, codes, hidden]);

  return {
    canvas,
    camera,
    kind,
    nearest,
    clearNearest: () => setNearest(-1),
    /** @param {number} dx @param {number} dy pixels */
    pan: (dx, dy) => look(panned(camera.current, size(), dx, dy)),
    /** @param {number} factor @param {number} [px] @param {number} [py] */
    zoom: (factor, px = size().width / 2, py = size().height / 2) =>
      look(zoomed(camera.current, size(), factor, px, py)),
    reset: () => look(fitCamera(map.x, map.y), false),
    /** @param {[number, number][]} path pixels */
    select: (path) => {
      const polygon = path.flatMap(([px, py]) => toData(camera.current, size(), px, py));
      worker.current?.postMessage({ type: 'lasso', polygon: Float64Array.from(polygon) });
    },
    /** @param {number} px @param {number} py */
    pointAt: (px, py) => {
      const [x, y] = toData(camera.current, size(), px, py);
      const [edge] = toData(camera.current, size(), px + 10, py);
      worker.current?.postMessage({ type: 'nearest', x, y, reach: edge - x });
    },
  };
}
