// @ts-check
import { useCallback, useState } from 'react';

/**
 * Size of an element in px, kept current. Attach `ref` to it; it may come and go.
 */
export function useElementSize() {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const ref = useCallback((/** @type {HTMLElement | null} */ element) => {
    if (!element) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return { ref, ...size };
}
