// @ts-check
/**
 * The outline of a histogram: one step per bin, closed at the foot.
 * @param {number[]} values
 * @param {number} top the value that reaches the full height
 * @param {number} width
 * @param {number} height
 * @returns {string} an SVG path
 */
export function stepArea(values, top, width, height) {
  if (values.length === 0) return '';
  const step = width / values.length;
  /** @param {number} value */
  const y = (value) => (height * (1 - value / top)).toFixed(2);
  const steps = values.map((value, i) => `V${y(value)}H${((i + 1) * step).toFixed(2)}`);
  return `M0 ${height}${steps.join('')}V${height}Z`;
}
