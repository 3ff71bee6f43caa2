// @ts-check
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import {
  clampTop,
  gridGeometry,
  topToReveal,
  visibleRows,
  wheelPixels,
} from '../lib/scaledGrid.js';

/** Above this speed (px/ms) only colour tiles are drawn … */
const FAST_PX_PER_MS = 6;
/** … until the grid has been slow for this long. */
const SETTLE_MS = 90;

/**
 * Scroll state of a virtual grid. Attach `ref` to the scrolling element.
 * @param {{count: number, cell: number, gap: number, overscan?: number}} options
 */
export function useScaledGrid({ count, cell, gap, overscan = 2 }) {
  const ref = useRef(/** @type {HTMLDivElement|null} */ (null));
  const [box, setBox] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const [fast, setFast] = useState(false);
  /** The exact virtual position, which a scaled scroll bar is too coarse to hold. */
  const virtualTop = useRef(0);
  /** The physical position that we set ourselves, so that its scroll event is not read back. */
  const ownScroll = useRef(-1);
  const frame = useRef(0);
  const lastMove = useRef({ time: 0, top: 0 });
  const settle = useRef(/** @type {ReturnType<typeof setTimeout>|undefined} */ (undefined));

  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setBox({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  const geometry = useMemo(
    () => gridGeometry({ count, cell, gap, ...box }),
    [count, cell, gap, box],
  );

  const commit = useCallback(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const now = performance.now();
      const elapsed = Math.max(1, now - lastMove.current.time);
      const speed = Math.abs(virtualTop.current - lastMove.current.top) / elapsed;
      lastMove.current = { time: now, top: virtualTop.current };
      setTop(virtualTop.current);
      if (speed > FAST_PX_PER_MS) setFast(true);
      clearTimeout(settle.current);
      settle.current = setTimeout(() => setFast(false), SETTLE_MS);
    });
  }, []);

  const scrollToTop = useCallback(
    (/** @type {number} */ target) => {
      const element = ref.current;
      if (!element) return;
      virtualTop.current = clampTop(geometry, target);
      element.scrollTop = virtualTop.current / geometry.scale;
      ownScroll.current = element.scrollTop;
      commit();
    },
    [geometry, commit],
  );

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const onScroll = () => {
      const own = Math.abs(element.scrollTop - ownScroll.current) < 1.5;
      ownScroll.current = -1;
      if (own) return;
      virtualTop.current = element.scrollTop * geometry.scale;
      commit();
    };
    const onWheel = (/** @type {WheelEvent} */ event) => {
      // One wheel step over a scaled spacer would skip whole screens, so the step is applied in virtual pixels.
      if (geometry.scale <= 1 || event.ctrlKey) return;
      event.preventDefault();
      scrollToTop(virtualTop.current + wheelPixels(event));
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: geometry.scale <= 1 });
    return () => {
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
    };
  }, [geometry, commit, scrollToTop]);

  // Another cell size or width keeps the item that stood at the top; a shorter list must not leave the view beyond its
  // end.
  const anchor = useRef({ columns: 0, rowHeight: 1 });
  useLayoutEffect(() => {
    const { columns, rowHeight } = anchor.current;
    anchor.current = { columns: geometry.columns, rowHeight: geometry.rowHeight };
    if (geometry.height === 0) return;
    const changed = columns !== geometry.columns || rowHeight !== geometry.rowHeight;
    if (columns > 0 && changed) {
      const index = Math.floor(virtualTop.current / rowHeight) * columns;
      scrollToTop(Math.floor(index / geometry.columns) * geometry.rowHeight);
    } else if (virtualTop.current > geometry.maxTop) scrollToTop(geometry.maxTop);
  }, [geometry, scrollToTop]);

  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      clearTimeout(settle.current);
    },
    [],
  );

  const reveal = useCallback(
    (/** @type {number} */ index) => scrollToTop(topToReveal(geometry, index, virtualTop.current)),
    [geometry, scrollToTop],
  );

  return {
    ref,
    geometry,
    top,
    fast,
    ready: box.width > 0,
    ...visibleRows(geometry, top, overscan),
    reveal,
    scrollToTop,
  };
}
