// @ts-check
import { ActionIcon } from '@mantine/core';
import { IconMinus, IconPlus, IconZoomReset } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useScatter } from '../../hooks/useScatter.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { MAX_2D_POINTS } from '../../lib/scatter/scatter2d.js';
import { thumbnailAt } from '../../lib/thumbnails.js';
import classes from './MapView.module.css';

/** @typedef {[number, number]} Pixel */

const ZOOM_STEP = 1.4;
const PAN_STEP = 60;
/** The map goes against the arrow: the eye goes with it. @type {Record<string, Pixel>} */
const PAN_KEYS = {
  ArrowLeft: [PAN_STEP, 0],
  ArrowRight: [-PAN_STEP, 0],
  ArrowUp: [0, PAN_STEP],
  ArrowDown: [0, -PAN_STEP],
};
/** @type {Record<string, number>} */
const ZOOM_KEYS = { '+': ZOOM_STEP, '=': ZOOM_STEP, '-': 1 / ZOOM_STEP };
const HOVER_MS = 60;

/**
 * @param {object} props
 * @param {import('../../lib/scatter/mapData.js').MapData} props.map
 * @param {Uint16Array} props.codes
 * @param {Uint8Array} props.palette
 * @param {number[]} props.hidden
 * @param {Uint8Array | null} props.mask
 * @param {'pan' | 'lasso'} props.tool
 * @param {(mask: Uint8Array, count: number) => void} props.onLasso
 * @param {string} props.label
 */
export function MapCanvas({ map, codes, palette, hidden, mask, tool, onLasso, label }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const scatter = useScatter({ map, codes, palette, hidden, mask, onLasso });
  const [path, setPath] = useState(/** @type {Pixel[]} */ ([]));
  const [pointer, setPointer] = useState(/** @type {Pixel} */ ([0, 0]));
  const drag = useRef(/** @type {Pixel | null} */ (null));
  const hover = useRef(0);
  useWheelZoom(scatter.canvas, scatter.zoom);

  /** @param {import('react').PointerEvent<HTMLElement>} event @returns {Pixel} */
  const at = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  /** @param {import('react').PointerEvent<HTMLElement>} event */
  const onPointerDown = (event) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = at(event);
    scatter.clearNearest();
    if (tool === 'lasso' && !event.shiftKey) setPath([drag.current]);
  };
  /** @param {import('react').PointerEvent<HTMLElement>} event */
  const onPointerMove = (event) => {
    const now = at(event);
    if (!drag.current) {
      if (event.timeStamp - hover.current < HOVER_MS) return;
      hover.current = event.timeStamp;
      setPointer(now);
      scatter.pointAt(now[0], now[1]);
    } else if (path.length > 0) setPath((before) => [...before, now]);
    else {
      scatter.pan(now[0] - drag.current[0], now[1] - drag.current[1]);
      drag.current = now;
    }
  };
  const onPointerUp = () => {
    drag.current = null;
    if (path.length > 0) scatter.select(path.length > 2 ? path : []);
    setPath([]);
  };
  /** @param {import('react').KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = PAN_KEYS[event.key];
    const factor = ZOOM_KEYS[event.key];
    if (!step && !factor && event.key !== '0') return;
    event.preventDefault();
    if (step) scatter.pan(step[0], step[1]);
    else if (factor) scatter.zoom(factor);
    else scatter.reset();
  };
  const near =
    scatter.nearest >= 0 && path.length === 0 ? map.itemIds.at(scatter.nearest) : undefined;
  return (
    <div className={classes.stage} data-tool={tool}>
      <canvas
        ref={scatter.canvas}
        role="img"
        aria-label={label}
        tabIndex={0}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={scatter.clearNearest}
        onKeyDown={onKeyDown}
      />
      <svg className={classes.lasso} aria-hidden="true">
        <polygon points={path.map((p) => p.join(',')).join(' ')} />
      </svg>
      {near ? (
        <div className={classes.peek} style={peekPlace(pointer, scatter.canvas.current)}>
          <img
            src={thumbnailAt(`/workspace/${workspaceId}/data/item/${near}/preview`, 192)}
            alt=""
          />
        </div>
      ) : null}
      {scatter.kind === '2d' && map.n > MAX_2D_POINTS ? (
        <div className={classes.notice} role="status">
          {t('analysis.no3d', { n: formatCount(MAX_2D_POINTS) })}
        </div>
      ) : null}
      <div className={classes.zoom}>
        <ActionIcon aria-label={t('analysis.zoomIn')} onClick={() => scatter.zoom(ZOOM_STEP)}>
          <IconPlus size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon aria-label={t('analysis.zoomOut')} onClick={() => scatter.zoom(1 / ZOOM_STEP)}>
          <IconMinus size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon aria-label={t('analysis.zoomReset')} onClick={scatter.reset}>
          <IconZoomReset size={16} aria-hidden />
        </ActionIcon>
      </div>
    </div>
  );
}

/**
 * React listens to wheels passively, and a passive listener cannot keep the page from scrolling.
 * @param {import('react').RefObject<HTMLCanvasElement | null>} canvas
 * @param {(factor: number, px: number, py: number) => void} zoom
 */
function useWheelZoom(canvas, zoom) {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    /** @param {WheelEvent} event */
    const onWheel = (event) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      latest.current(
        Math.exp(-event.deltaY * 0.002),
        event.clientX - box.left,
        event.clientY - box.top,
      );
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [canvas]);
}

/** Beside the pointer, on the side where there is room. @param {Pixel} pointer @param {HTMLElement | null} stage */
function peekPlace([x, y], stage) {
  const width = stage?.clientWidth ?? 0;
  const height = stage?.clientHeight ?? 0;
  return {
    left: x > width / 2 ? undefined : x + 14,
    right: x > width / 2 ? width - x + 14 : undefined,
    top: y > height / 2 ? undefined : y + 14,
    bottom: y > height / 2 ? height - y + 14 : undefined,
  };
}
