// @ts-check
import { expect, it } from 'vitest';
import { CLASS_COLORS, classColors, ON_CLASS_COLOR, rampColor } from './classColors.js';

/** Relative luminance, WCAG 2.2. @param {string} hex */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

it('has colours that all carry the label text', () => {
  for (const color of CLASS_COLORS) {
    const contrast = (luminance(color) + 0.05) / (luminance(ON_CLASS_COLOR) + 0.05);
    expect(contrast, color).toBeGreaterThanOrEqual(7);
  }
});

it('gives a class the same colour whatever is asked before', () => {
  const colorOf = classColors(['RBC', 'WBC', 'Platelets']);
  expect(colorOf('WBC')).toBe(CLASS_COLORS[1]);
  expect(colorOf('unknown')).toBe(classColors([])('unknown'));
});

it('runs from one end of the ramp to the other and not beyond', () => {
  expect(rampColor(0)).toBe('rgb(68 1 84)');
  expect(rampColor(1)).toBe('rgb(253 231 37)');
  expect(rampColor(7)).toBe(rampColor(1));
});
