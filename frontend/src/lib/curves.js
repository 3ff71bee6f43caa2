// @ts-check
/** Geometry of metric curves. */
/** @typedef {import('../api/queries/types.d.ts').MetricPoint} MetricPoint */
/** @typedef {{x: [number, number], y: [number, number]}} Domain */

/**
 * The least and greatest step and value of several histories; null where there is no number at all.
 * @param {readonly (readonly MetricPoint[])[]} series
 * @returns {Domain | null}
 */
export function domainOf(series) {
  const points = series.flat().filter((point) => isNumber(point.value));
  if (points.length === 0) return null;
  const steps = points.map((point) => point.step);
  const values = points.map((point) => /** @type {number} */ (point.value));
  return {
    x: [least(steps), -least(steps.map((s) => -s))],
    y: padded(least(values), -least(values.map((v) => -v))),
  };
}

/**
 * An SVG path through the points; a value that is no number leaves a gap.
 * @param {readonly MetricPoint[]} points
 * @param {Domain} domain
 * @param {{width: number, height: number}} size
 */
export function curvePath(points, domain, { width, height }) {
  const [x0, x1] = domain.x;
  const [y0, y1] = domain.y;
  let open = false;
  let path = '';
  for (const { step, value } of points) {
    if (!isNumber(value)) {
      open = false;
      continue;
    }
    const x = x1 > x0 ? ((step - x0) / (x1 - x0)) * width : width / 2;
    const y = height - ((value - y0) / (y1 - y0)) * height;
    path += `${open ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    open = true;
  }
  return path;
}

/**
 * Round numbers along an axis, at most `most` of them.
 * @param {[number, number]} range
 * @param {number} [most]
 */
export function ticksOf([from, to], most = 4) {
  const raw = (to - from) / most;
  if (!(raw > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = (NICE.find((nice) => nice * power >= raw) ?? 10) * power;
  const ticks = [];
  for (let k = Math.ceil(from / step); k * step <= to + step * 1e-9; k += 1)
    ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

const NICE = [1, 2, 5, 10];

/**
 * The point of a history that is nearest to a step.
 * @param {readonly MetricPoint[]} points
 * @param {number} step
 */
export function nearestPoint(points, step) {
  /** @type {MetricPoint | undefined} */
  let best;
  for (const point of points) {
    if (!isNumber(point.value)) continue;
    if (!best || Math.abs(point.step - step) < Math.abs(best.step - step)) best = point;
  }
  return best;
}

/** A flat line gets room above and below. @param {number} low @param {number} high @returns {[number, number]} */
function padded(low, high) {
  const room = high > low ? (high - low) * 0.06 : Math.max(Math.abs(low) * 0.1, 1e-6);
  return [low - room, high + room];
}

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** A loop, because spreading a long history into Math.min overflows the stack. @param {number[]} values */
const least = (values) =>
  values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
