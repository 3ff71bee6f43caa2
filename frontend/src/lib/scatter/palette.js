// @ts-check
import { PALETTE_SIZE } from './scatterGl.js';

/** Ten hues that stay apart on light and dark ground; further categories repeat them, lighter or darker. */
const HUES = [
  '#4f7cd6',
  '#e0780f',
  '#1fa898',
  '#d64f6a',
  '#8d6bd6',
  '#b58f00',
  '#2f9e44',
  '#c2559d',
  '#6b7a8f',
  '#a0522d',
];
const NONE = '#949dab';

/** @param {number} code 0: in none */
export function colorOf(code) {
  if (code === 0) return NONE;
  const at = code - 1;
  const hue = HUES[at % HUES.length] ?? NONE;
  const round = Math.floor(at / HUES.length) % 3;
  return round === 0 ? hue : mix(hue, round === 1 ? '#ffffff' : '#000000', 0.32);
}

/** @param {string} hex @returns {[number, number, number]} */
export function rgbOf(hex) {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** @param {string} a @param {string} b @param {number} share of b */
function mix(a, b, share) {
  const from = rgbOf(a);
  const to = rgbOf(b);
  const mixed = from.map((v, i) => Math.round(v * (1 - share) + (to[i] ?? 0) * share));
  return `#${mixed.map((v) => v.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * @param {Iterable<number>} codes those in use
 * @param {ReadonlySet<number>} hidden
 * @param {number} shift codes of splits begin at 0 and mean something; those of clusters at 1
 */
export function paletteOf(codes, hidden, shift = 0) {
  const palette = new Uint8Array(PALETTE_SIZE * 4);
  for (const code of codes) {
    const [r, g, b] = rgbOf(colorOf(code + shift));
    palette.set([r, g, b, hidden.has(code) ? 0 : 255], (code % PALETTE_SIZE) * 4);
  }
  return palette;
}
