// @ts-check
/**
 * Lines of a growing log, capped. Handles text that arrives cut anywhere, carriage returns of progress bars (the last
 * state of the line stays) and terminal colours (dropped).
 * @typedef {object} LogBuffer
 * @property {readonly string[]} lines complete lines, oldest first
 * @property {string} tail text after the last line break
 * @property {number} dropped lines cut off at the start because of the cap
 */
export const MAX_LINES = 50_000;
/** A program that never breaks its line must not grow one line for ever. */
const MAX_LINE_LENGTH = 4_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes start with a control character
const TERMINAL_ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** @type {LogBuffer} */
export const EMPTY_LOG = Object.freeze({ lines: Object.freeze([]), tail: '', dropped: 0 });

/**
 * @param {LogBuffer} buffer
 * @param {string} text
 * @param {number} [cap]
 * @returns {LogBuffer}
 */
export function appendLog(buffer, text, cap = MAX_LINES) {
  if (text === '') return buffer;
  const parts = (buffer.tail + text).split('\n');
  const tail = parts.pop() ?? '';
  const lines = parts.length > 0 ? buffer.lines.concat(parts.map(cleanLine)) : buffer.lines;
  const excess = Math.max(0, lines.length - cap);
  return {
    lines: excess > 0 ? lines.slice(excess) : lines,
    tail: tail.length > MAX_LINE_LENGTH ? tail.slice(-MAX_LINE_LENGTH) : tail,
    dropped: buffer.dropped + excess,
  };
}

/**
 * All lines to show, the unfinished last one included.
 * @param {LogBuffer} buffer
 */
export function visibleLines(buffer) {
  const last = cleanLine(buffer.tail);
  return last === '' ? buffer.lines : [...buffer.lines, last];
}

/** @param {string} line */
function cleanLine(line) {
  const plain = line.replace(TERMINAL_ESCAPES, '').replace(/\r+$/, '');
  const shown = plain.slice(plain.lastIndexOf('\r') + 1);
  return shown.length > MAX_LINE_LENGTH ? `${shown.slice(0, MAX_LINE_LENGTH)}…` : shown;
}
