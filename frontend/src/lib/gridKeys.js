// @ts-check
/**
 * Keyboard model of the item grid: a key press becomes one action, and the grid decides how to carry it out.
 * @typedef {{kind: 'focus', index: number, extend: boolean}
 *   | {kind: 'toggle', index: number}
 *   | {kind: 'open', index: number}
 *   | {kind: 'select-all'} | {kind: 'clear'} | {kind: 'remove'} | {kind: 'undo'}
 *   | {kind: 'search'} | {kind: 'help'} | {kind: 'go-to'}} GridAction
 */
/**
 * @typedef {object} GridCursor
 * @property {number} index focused item, -1 before the first focus
 * @property {number} count
 * @property {number} columns
 * @property {number} pageRows rows that fit the viewport
 * @property {number} first the first item that is seen
 */
/**
 * @typedef {object} KeyPress
 * @property {string} key
 * @property {boolean} [shiftKey]
 * @property {boolean} [ctrlKey]
 * @property {boolean} [metaKey]
 * @property {boolean} [altKey]
 */

/** @type {Record<string, (cursor: GridCursor) => number>} */
const MOVES = {
  ArrowLeft: ({ index }) => index - 1,
  ArrowRight: ({ index }) => index + 1,
  ArrowUp: ({ index, columns }) => (index >= columns ? index - columns : index),
  ArrowDown: ({ index, columns, count }) =>
    index + columns < count ? index + columns : lastRowTarget(index, columns, count),
  Home: () => 0,
  End: ({ count }) => count - 1,
  PageUp: ({ index, columns, pageRows }) => pageStep(index, columns, -pageRows),
  PageDown: ({ index, columns, pageRows }) => index + Math.max(1, pageRows) * columns,
};

/** @type {Record<string, GridAction>} */
const COMMANDS = {
  Delete: { kind: 'remove' },
  Escape: { kind: 'clear' },
  '/': { kind: 'search' },
  '?': { kind: 'help' },
  g: { kind: 'go-to' },
  G: { kind: 'go-to' },
};

/**
 * @param {KeyPress} press
 * @param {GridCursor} cursor
 * @returns {GridAction | null} null when the key is not ours
 */
export function gridAction(press, cursor) {
  const command = press.ctrlKey || press.metaKey;
  if (command) return commandAction(press, cursor);
  if (press.altKey) return null;
  const move = MOVES[press.key];
  if (move) return focusAction(move, cursor, Boolean(press.shiftKey));
  if (press.key === ' ') return cursor.index < 0 ? null : { kind: 'toggle', index: cursor.index };
  if (press.key === 'Enter') return cursor.index < 0 ? null : { kind: 'open', index: cursor.index };
  return COMMANDS[press.key] ?? null;
}

/**
 * @param {KeyPress} press
 * @param {GridCursor} cursor
 * @returns {GridAction | null}
 */
function commandAction(press, cursor) {
  const key = press.key.toLowerCase();
  if (key === 'a') return cursor.count > 0 ? { kind: 'select-all' } : null;
  if (key === 'z' && !press.shiftKey) return { kind: 'undo' };
  return null;
}

/**
 * @param {(cursor: GridCursor) => number} move
 * @param {GridCursor} cursor
 * @param {boolean} extend
 * @returns {GridAction | null}
 */
function focusAction(move, cursor, extend) {
  if (cursor.count === 0) return null;
  const starts = cursor.index < 0 && move !== MOVES.Home && move !== MOVES.End;
  const target = starts ? cursor.first : move(cursor);
  return { kind: 'focus', index: Math.min(cursor.count - 1, Math.max(0, target)), extend };
}

/**
 * Arrow down from the last but one row into a shorter last row goes to its end; within the last row it stays.
 * @param {number} index
 * @param {number} columns
 * @param {number} count
 */
function lastRowTarget(index, columns, count) {
  const inLastRow = Math.floor(index / columns) === Math.floor((count - 1) / columns);
  return inLastRow ? index : count - 1;
}

/**
 * @param {number} index
 * @param {number} columns
 * @param {number} rows
 */
function pageStep(index, columns, rows) {
  const target = index + Math.min(-1, rows) * columns;
  return target >= 0 ? target : index % columns;
}
