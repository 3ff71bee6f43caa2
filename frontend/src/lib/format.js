// @ts-check
import i18next from 'i18next';

/** @type {Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>} */
const cache = new Map();

/**
 * Formatters are dear to make and are asked for in every cell.
 * @template {Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat} T
 * @param {string} kind
 * @param {(locale: string) => T} make
 * @returns {T}
 */
function formatter(kind, make) {
  const locale = i18next.language === 'ko' ? 'ko-KR' : 'en-US';
  const key = `${kind} ${locale}`;
  const known = cache.get(key);
  if (known) return /** @type {T} */ (known);
  const made = make(locale);
  cache.set(key, made);
  return made;
}

/** 118,287 @param {number} value */
export function formatCount(value) {
  return formatter('count', (l) => new Intl.NumberFormat(l, { maximumFractionDigits: 0 })).format(
    value,
  );
}

/** What is smaller is rounding error of a mean or a share. */
const ZERO = 1e-9;

/** Three significant digits. @param {number | null | undefined} value */
export function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Math.abs(value) < ZERO) return '0';
  if (Math.abs(value) < 0.0005) return value.toExponential(1);
  return formatter(
    'number',
    (l) => new Intl.NumberFormat(l, { maximumSignificantDigits: 3 }),
  ).format(value);
}

/** 0.037 → 3.7 % @param {number} value between 0 and 1 */
export function formatPercent(value) {
  return formatter(
    'percent',
    (l) => new Intl.NumberFormat(l, { style: 'percent', maximumFractionDigits: 1 }),
  ).format(value);
}

/** A p-value as one reads it: never "0". @param {number | null | undefined} p */
export function formatP(p) {
  if (p === null || p === undefined || !Number.isFinite(p)) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units, as disks are sold and file managers show. @param {number} bytes */
export function formatBytes(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? formatCount(value) : formatNumber(value)} ${UNITS[unit]}`;
}

/** @param {string | number | Date} when */
export function formatDate(when) {
  return formatter(
    'date',
    (l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium', timeStyle: 'short' }),
  ).format(new Date(when));
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const STEPS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "3 minutes ago" @param {string | number | Date} when @param {number} [now] milliseconds */
export function formatAgo(when, now = Date.now()) {
  const seconds = (new Date(when).getTime() - now) / 1000;
  const relative = formatter('ago', (l) => new Intl.RelativeTimeFormat(l, { numeric: 'auto' }));
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(0, 'second');
}

/** 75 → 1:15, 4000 → 1:06:40 @param {number} seconds */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}
