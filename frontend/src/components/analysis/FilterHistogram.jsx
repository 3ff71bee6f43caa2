// @ts-check
import { CloseButton, Group, Text } from '@mantine/core';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { binAt, rangeOfBins } from '../../lib/bins.js';
import { formatCount, formatNumber } from '../../lib/format.js';
import { stepArea } from '../../lib/stepPath.js';
import classes from './FilterHistogram.module.css';

const WIDTH = 240;
const HEIGHT = 64;

/** @typedef {{ min?: number, max?: number }} Range */

/**
 * A histogram that is a filter: click a bin, drag over several, or with the keyboard arrows move,
 * Shift extends, Enter applies, Escape clears.
 * @param {object} props
 * @param {string} props.name
 * @param {import('../../api/model.d.ts').AttributeSummary} props.summary
 * @param {Range | undefined} props.range
 * @param {(range: Range | undefined) => void} props.onRange
 */
export function FilterHistogram({ name, summary, range, onRange }) {
  const { t } = useTranslation();
  const hint = useId();
  const plot = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [bins, setBins] = useState(/** @type {{ from: number, to: number } | null} */ (null));
  const { edges, counts } = summary.histogram;
  const last = counts.length - 1;
  const shown = bins ? rangeOfBins(edges, bins.from, bins.to) : range;

  /** @param {import('react').PointerEvent} event */
  const binUnder = (event) => {
    const box = plot.current?.getBoundingClientRect();
    return box ? binAt((event.clientX - box.left) / box.width, counts.length) : 0;
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
    <div>
      <Group justify="space-between" gap="xs" mih={26} wrap="nowrap">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        {range ? (
          <CloseButton
            size="sm"
            aria-label={t('analysis.clearRange', { name })}
            onClick={() => onRange(undefined)}
          />
        ) : (
          <Text size="xs" c="dimmed" className="dd-num">
            {t('analysis.median', { value: formatNumber(summary.p50) })}
          </Text>
        )}
      </Group>
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
        aria-valuetext={t('analysis.bin', {
          from: formatNumber(edges[cursor]),
          to: formatNumber(edges[cursor + 1]),
          count: counts[cursor] ?? 0,
          n: formatCount(counts[cursor] ?? 0),
        })}
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
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {shown ? <Band edges={edges} range={shown} /> : null}
          <path
            className={classes.area}
            d={stepArea(counts, Math.max(...counts, 1), WIDTH, HEIGHT)}
          />
        </svg>
      </div>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed" className="dd-num">
          {formatNumber(edges[0])}
        </Text>
        {shown ? (
          <Text size="xs" fw={600} className="dd-num" aria-live="polite">
            {formatNumber(shown.min)} – {formatNumber(shown.max)}
          </Text>
        ) : null}
        <Text size="xs" c="dimmed" className="dd-num">
          {formatNumber(edges.at(-1))}
        </Text>
      </Group>
      <span id={hint} className="dd-visually-hidden">
        {t('analysis.histogramHint')}
      </span>
    </div>
  );
}

/** @param {{ edges: number[], range: Range }} props */
function Band({ edges, range }) {
  const low = edges[0] ?? 0;
  const span = (edges.at(-1) ?? 1) - low || 1;
  /** @param {number} value */
  const x = (value) => Math.min(WIDTH, Math.max(0, ((value - low) / span) * WIDTH));
  const from = range.min === undefined ? 0 : x(range.min);
  const to = range.max === undefined ? WIDTH : x(range.max);
  return (
    <rect
      className={classes.band}
      x={from}
      y={0}
      width={Math.max(1.5, to - from)}
      height={HEIGHT}
    />
  );
}
