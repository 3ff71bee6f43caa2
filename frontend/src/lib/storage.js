// @ts-check

/**
 * A setting of this browser, or null. Storage may be blocked by policy; then the default holds.
 * @param {string} key
 * @returns {string | null}
 */
export function readSetting(key) {
  try {
    return localStorage.getItem(`ddoc.${key}`);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string | null} value null forgets it
 * @returns {boolean} false where storage is blocked or full
 */
export function writeSetting(key, value) {
  try {
    if (value === null) localStorage.removeItem(`ddoc.${key}`);
    else localStorage.setItem(`ddoc.${key}`, value);
    return true;
  } catch {
    return false;
  }
}
