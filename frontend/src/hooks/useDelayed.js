// @ts-check
import { useEffect, useState } from 'react';

/** True once `active` has lasted `ms`: what is quicker needs no spinner. @param {boolean} active @param {number} [ms] */
export function useDelayed(active, ms = 300) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!active) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [active, ms]);
  return active && late;
}
