// @ts-check
import classes from './Histogram.module.css';

/** @typedef {{min: number, max: number, counts: readonly number[]}} Bins of equal width */
const HEIGHT = 36;
const WIDTH = 200;
/** A bin with one image must not vanish beside one with thousands. */
const LEAST = 1.5;

/**
 * All items in the back, those that the filters leave in front, in the same bins. Heights are square roots, so that
 * rare values show. Decorative: the slider under it says and changes the range.
 * @param {{all: Bins, shown?: Bins, onPick?: (range: {min: number, max: number}) => void}} props
 */
export function Histogram({ all, shown, onPick }) {
  const top = Math.max(...all.counts, 1);
  const step = WIDTH / all.counts.length;
  /** @param {readonly number[]} counts */
  const path = (counts) =>
    counts
      .map((count, bin) => {
        if (count === 0) return '';
        const height = Math.max(LEAST, Math.sqrt(count / top) * HEIGHT);
        return `M${bin * step} ${HEIGHT}v${-height}h${step - 0.5}v${height}z`;
      })
      .join('');
  /** @param {import('react').MouseEvent<SVGSVGElement>} event */
  const pick = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const bins = all.counts.length;
    const bin = Math.min(bins - 1, Math.floor(((event.clientX - box.left) / box.width) * bins));
    const width = (all.max - all.min) / bins;
    onPick?.({ min: all.min + bin * width, max: all.min + (bin + 1) * width });
  };
  return (
    <svg
      aria-hidden="true"
      className={classes.histogram}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      onClick={pick}
    >
      <path className={classes.all} d={path(all.counts)} />
      {shown ? <path className={classes.shown} d={path(shown.counts)} /> : null}
    </svg>
  );
}
