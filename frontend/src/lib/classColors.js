// @ts-check
/**
 * Colours of classes drawn over images. All are light, so that the same near-black text is readable on each (contrast
 * at least 7:1), and shapes get a dark halo, so that they show on bright images too.
 */
export const CLASS_COLORS = Object.freeze([
  '#ffb000',
  '#4cc4ff',
  '#ff8fb4',
  '#7ee081',
  '#c9a6ff',
  '#ff9b63',
  '#4de0d0',
  '#f5e663',
  '#a9bcff',
  '#ffa3e8',
  '#b8e04d',
  '#e3bd98',
]);

/** Text on any of the colours. */
export const ON_CLASS_COLOR = '#14161a';

/**
 * A colour per class: by its place in the workspace's fixed class order, so it never changes with the filter.
 * @param {readonly string[]} classes
 * @returns {(name: string) => string}
 */
export function classColors(classes) {
  const places = new Map(classes.map((name, index) => [name, index]));
  return (name) =>
    CLASS_COLORS[(places.get(name) ?? textPlace(name)) % CLASS_COLORS.length] ?? '#ffb000';
}

/** A stable number for a name outside the order. @param {string} name */
function textPlace(name) {
  let place = 0;
  for (const letter of name) place = (place * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return place;
}

/**
 * A colour for a value between two ends, dark violet to yellow: readable in grey and for every kind of colour blindness.
 * @param {number} share 0 … 1
 */
export function rampColor(share) {
  const x = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(x));
  const [from, to] = [RAMP[low], RAMP[low + 1]];
  if (!from || !to) return 'transparent';
  const mix = from.map((value, channel) =>
    Math.round(value + (x - low) * ((to[channel] ?? 0) - value)),
  );
  return `rgb(${mix.join(' ')})`;
}

/** Viridis at five places (matplotlib, CC0). */
const RAMP = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];
