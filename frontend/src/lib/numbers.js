// @ts-check
/** Between a number that may be missing and a number field, which knows only text for that. */

/** @param {unknown} value */
export const numberOrEmpty = (value) => (typeof value === 'number' ? value : '');
/** @param {string | number} value */
export const numberOrNull = (value) => (typeof value === 'number' ? value : null);
