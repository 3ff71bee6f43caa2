// @ts-check

import { ON_CLASS_COLOR } from '../../lib/classColors.js';
import classes from './BoxOverlay.module.css';

/** @typedef {import('../../lib/annotations.js').Shape} Shape */
/**
 * @typedef {object} DrawnShape
 * @property {string} key
 * @property {Shape} shape
 * @property {string} color
 * @property {boolean} [dashed] how a diff draws the old state
 * @property {boolean} [active]
 * @property {boolean} [faded]
 */
/**
 * Boxes and polygons over an image. It lies over an element that shows the whole image and stretches with it; the list
 * of annotations beside it is its text equivalent, so it is hidden from assistive technology.
 * @param {{
 *   width: number, height: number, shapes: readonly DrawnShape[],
 *   pixel?: number, labels?: boolean, onPick?: (key: string | null) => void,
 * }} props width and height of the image; `pixel` = image px per screen px, which keeps labels readable
 */
export function BoxOverlay({ width, height, shapes, pixel = 1, labels = true, onPick }) {
  return (
    <svg
      aria-hidden="true"
      className={classes.overlay}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      onPointerLeave={onPick ? () => onPick(null) : undefined}
    >
      {shapes.map((drawn) => (
        <DrawnBox key={drawn.key} drawn={drawn} pixel={pixel} labels={labels} onPick={onPick} />
      ))}
    </svg>
  );
}

/** @param {{drawn: DrawnShape, pixel: number, labels: boolean, onPick?: (key: string | null) => void}} props */
function DrawnBox({ drawn, pixel, labels, onPick }) {
  const { shape, color } = drawn;
  const state = [
    classes.shape,
    drawn.dashed && classes.dashed,
    drawn.active && classes.active,
    drawn.faded && classes.faded,
  ];
  return (
    <g
      className={state.filter(Boolean).join(' ')}
      style={{ color }}
      onPointerEnter={onPick ? () => onPick(drawn.key) : undefined}
    >
      {shape.rings.length > 0 ? (
        shape.rings.map((points) => (
          <g key={points}>
            <polygon className={classes.halo} points={points} />
            <polygon className={classes.line} points={points} />
          </g>
        ))
      ) : (
        <>
          <rect className={classes.halo} {...shape.box} />
          <rect className={classes.line} {...shape.box} />
        </>
      )}
      {labels && <Label drawn={drawn} pixel={pixel} />}
    </g>
  );
}

const LABEL_PX = 11;

/** @param {{drawn: DrawnShape, pixel: number}} props */
function Label({ drawn, pixel }) {
  const { box, label } = drawn.shape;
  const size = LABEL_PX * pixel;
  const height = size * 1.45;
  // Above the box where there is room, else inside it.
  const top = box.y >= height ? box.y - height : box.y;
  const textWidth =
    [...label].reduce((sum, letter) => sum + (/[\u1100-\uffdc]/.test(letter) ? 1 : 0.57), 0) * size;
  return (
    <g className={classes.label}>
      <rect x={box.x} y={top} width={textWidth + size * 0.7} height={height} fill="currentColor" />
      <text x={box.x + size * 0.35} y={top + height * 0.74} fontSize={size} fill={ON_CLASS_COLOR}>
        {label}
      </text>
    </g>
  );
}
