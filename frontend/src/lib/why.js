// @ts-check
import { formatNumber } from './format.js';

/** @typedef {import('../api/model.d.ts').DriftReport} DriftReport */
/** @typedef {import('../api/model.d.ts').Shift} Shift */
/** @typedef {import('i18next').TFunction} T */

/**
 * The reason for the verdict, as the service worded it in the reader's language.
 * @param {DriftReport} report
 * @param {string} language
 */
export function whySentence(report, language) {
  if (!report.why) return '';
  return language === 'ko' ? report.why.ko : report.why.en;
}

/** How far a number moved, in standard deviations of the base. @param {Shift} shift */
export const sizeOf = (shift) => shift.size ?? shift.statistic;

/** @param {Shift} shift @returns {'up' | 'down' | 'shape' | 'none'} shape: it spread or gathered, its mean stayed */
export function directionOf(shift) {
  if (!shift.drifted) return 'none';
  const moved = shift.shift ?? (shift.target_mean ?? 0) - (shift.base_mean ?? 0);
  if (shift.shift !== undefined && shift.size && Math.abs(moved) < 0.5 * shift.size) return 'shape';
  return moved > 0 ? 'up' : 'down';
}

/** A histogram pair in words. @param {Shift} shift @param {string} name @param {T} t */
export function shiftSentence(shift, name, t) {
  return t(`drift.sentences.${directionOf(shift)}`, {
    name,
    base: formatNumber(shift.base_mean),
    target: formatNumber(shift.target_mean),
    size: formatNumber(sizeOf(shift)),
  });
}
