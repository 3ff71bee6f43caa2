// @ts-check
import { createTheme, localStorageColorSchemeManager } from '@mantine/core';

/** @typedef {import('@mantine/core').MantineColorsTuple} MantineColorsTuple */

/** What one acts with: links, focus, selection. @type {MantineColorsTuple} */
const iris = [
  '#f2f1fe',
  '#e2e0fb',
  '#c5c1f6',
  '#a8a1f0',
  '#8d84ea',
  '#766be2',
  '#6156d8',
  '#4f46c8',
  '#3f38a6',
  '#302b80',
];

/** The base side, everywhere: tabs, histograms, badges. @type {MantineColorsTuple} */
const base = [
  '#e9fbf8',
  '#cdf4ee',
  '#9fe8dd',
  '#6ad8c9',
  '#3cc3b3',
  '#1fa898',
  '#138a7d',
  '#0f6f66',
  '#0d5751',
  '#0a4540',
];

/** The target side. Teal and orange stay apart for every kind of colour blindness. @type {MantineColorsTuple} */
const target = [
  '#fff4e8',
  '#fde4c8',
  '#fbc88f',
  '#f9ab57',
  '#f2902e',
  '#e0780f',
  '#c2620a',
  '#a04f08',
  '#7f3f09',
  '#66330a',
];

/** Cooler than Mantine's own, so that images keep their colour. @type {MantineColorsTuple} */
const dark = [
  '#d9dde5',
  '#b9c0cc',
  '#a0a8b6',
  '#7a8393',
  '#3b424f',
  '#2c323d',
  '#20252e',
  '#171b22',
  '#11141a',
  '#0b0d11',
];

/** @type {MantineColorsTuple} */
const gray = [
  '#f7f8fa',
  '#eff1f4',
  '#e3e6eb',
  '#d3d8df',
  '#bac1cb',
  '#949dab',
  '#5c6573',
  '#464e5a',
  '#30363f',
  '#1d2127',
];

export const theme = createTheme({
  colors: { iris, base, target, dark, gray },
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'Pretendard, -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono CJK KR", "D2Coding", monospace',
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '1.3' },
      h2: { fontSize: '1.1875rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
      h4: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  components: {
    Tooltip: {
      defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false } },
    },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Modal: { defaultProps: { centered: true } },
    // An alias or a split is shown as it was typed.
    Badge: { defaultProps: { tt: 'none' } },
  },
});

/**
 * Mantine's own dimmed grey has a contrast of 3.3:1; text needs 4.5:1.
 * @type {import('@mantine/core').CSSVariablesResolver}
 */
export const cssVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5c6573',
    '--mantine-color-placeholder': '#646d7b',
    '--mantine-color-error': '#c2242f',
  },
  dark: {
    '--mantine-color-dimmed': '#a0a8b6',
    '--mantine-color-placeholder': '#98a1af',
    '--mantine-color-error': '#ff8a90',
    '--mantine-color-anchor': '#b3adf5',
  },
});

/** Mantine reads and writes the same key as public/first-paint.js. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'ddoc.theme' });
