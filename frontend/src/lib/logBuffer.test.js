// @ts-check
import { expect, it } from 'vitest';
import { appendLog, EMPTY_LOG, visibleLines } from './logBuffer.js';

/** @param {string[]} chunks */
const read = (...chunks) => chunks.reduce((log, chunk) => appendLog(log, chunk), EMPTY_LOG);

it('joins lines that arrive in pieces', () => {
  expect(visibleLines(read('epo', 'ch 1\nepoch', ' 2'))).toEqual(['epoch 1', 'epoch 2']);
});

it('keeps the last state of a progress bar', () => {
  expect(visibleLines(read(' 10%\r 50%', '\r100%\r\ndone\n'))).toEqual(['100%', 'done']);
});

it('drops terminal colours', () => {
  expect(visibleLines(read('\u001b[31mfailed\u001b[0m\n'))).toEqual(['failed']);
});

it('keeps blank lines', () => {
  expect(visibleLines(read('a\n\nb\n'))).toEqual(['a', '', 'b']);
});

it('keeps the newest lines within its cap and counts what it dropped', () => {
  const log = appendLog(EMPTY_LOG, '1\n2\n3\n4\n5\n', 3);
  expect(log).toEqual({ lines: ['3', '4', '5'], tail: '', dropped: 2 });
});

it('bounds a line that never ends', () => {
  const log = appendLog(EMPTY_LOG, 'x'.repeat(100_000));
  expect(log.tail.length).toBeLessThanOrEqual(4_000);
});
