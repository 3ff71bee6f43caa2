// @ts-check
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { binAt, rangeOfBins } from '../../lib/bins.js';
import classes from './BinPicker.module.css';

/** @typedef {{ min?: number, max?: number }} Range */

/**
 * A plot over bins in which a range is picked: click a bin, drag over several, or with the keyboard
 * arrows move, Shift extends, Enter applies, Escape clears.
 * @param {object} props
 * @param {string} props.name
 * @param {number[]} props.edges one more than bins
 * @param {Range | undefined} props.range
 * @param {(range: Range | undefined) => void} props.onRange
 * @param {(bin: number) => string} props.describeBin what a bin holds, in words
 * @param {(picking: Range | undefined) => import('react').ReactNode} props.children the plot, given the range under the hand
 */
export function BinPicker({ name, edges, range, onRange, describeBin, children }) {
  const { t } = useTranslation();
  const hint = useId();
  const plot = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [bins, setBins] = useState(/** @type {{ from: number, to: number } | null} */ (null));
  const last = edges.length - 2;

  /** @param {import('react').PointerEvent} event */
  const binUnder = (event) => {
    const box = plot.current?.getBoundingClientRect();
    return box ? binAt((event.clientX - box.left) / box.width, last + 1) : 0;
  };
  /** @param {import('react').KeyboardEvent} event */
  const onKeyDown = (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      const to = Math.min(last, Math.max(0, (bins?.to ?? (move > 0 ? -1 : last + 1)) + move));
      setBins({ from: event.shiftKey && bins ? bins.from : to, to });
    }
    if (event.key === 'Enter' && bins) {
      onRange(rangeOfBins(edges, bins.from, bins.to));
      setBins(null);
    }
    if (event.key === 'Escape') {
      setBins(null);
      onRange(undefined);
    }
  };
  const cursor = bins?.to ?? 0;
  return (
    <>
      <div
        ref={plot}
        className={classes.plot}
        role="slider"
        tabIndex={0}
        aria-label={name}
        aria-describedby={hint}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={cursor}
        aria-valuetext={describeBin(cursor)}
        onKeyDown={onKeyDown}
        onBlur={() => setBins(null)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const bin = binUnder(event);
          setBins({ from: bin, to: bin });
        }}
        onPointerMove={(event) => {
          if (event.buttons === 1 && bins) setBins({ from: bins.from, to: binUnder(event) });
        }}
        onPointerUp={() => {
          if (bins) onRange(rangeOfBins(edges, bins.from, bins.to));
          setBins(null);
        }}
      >
        {children(bins ? rangeOfBins(edges, bins.from, bins.to) : range)}
      </div>
      <span id={hint} className="dd-visually-hidden">
        {t('common.histogramHint')}
      </span>
    </>
  );
}

/**
 * The picked range, as a rectangle to put below the plot's shapes.
 * @param {{ edges: number[], range: Range | undefined, width: number, height: number }} props
 */
export function Band({ edges, range, width, height }) {
  if (!range) return null;
  const low = edges[0] ?? 0;
  const span = (edges.at(-1) ?? 1) - low || 1;
  /** @param {number} value */
  const x = (value) => Math.min(width, Math.max(0, ((value - low) / span) * width));
  const from = range.min === undefined ? 0 : x(range.min);
  const to = range.max === undefined ? width : x(range.max);
  return (
    <rect
      className={classes.band}
      x={from}
      y={0}
      width={Math.max(1.5, to - from)}
      height={height}
    />
  );
}
