// @ts-check
import { describe, expect, it } from 'vitest';
import { gridAction } from './gridKeys.js';

/** @param {number} index */
const at = (index) => ({ index, count: 23, columns: 5, pageRows: 2, first: 10 });
/** @param {string} key @param {number} index @param {object} [modifiers] */
const focus = (key, index, modifiers = {}) => {
  const action = gridAction({ key, ...modifiers }, at(index));
  return action?.kind === 'focus' ? action.index : action;
};

describe('moving in the grid', () => {
  it('moves by one and by row', () => {
    expect(focus('ArrowRight', 3)).toBe(4);
    expect(focus('ArrowLeft', 3)).toBe(2);
    expect(focus('ArrowDown', 3)).toBe(8);
    expect(focus('ArrowUp', 8)).toBe(3);
  });
  it('stays inside at the edges', () => {
    expect(focus('ArrowLeft', 0)).toBe(0);
    expect(focus('ArrowUp', 2)).toBe(2);
    expect(focus('ArrowRight', 22)).toBe(22);
    expect(focus('ArrowDown', 21)).toBe(21);
  });
  it('goes to the end of a shorter last row', () => {
    expect(focus('ArrowDown', 19)).toBe(22);
  });
  it('jumps to both ends and by pages', () => {
    expect(focus('Home', 12)).toBe(0);
    expect(focus('End', 12)).toBe(22);
    expect(focus('PageDown', 1)).toBe(11);
    expect(focus('PageDown', 17)).toBe(22);
    expect(focus('PageUp', 12)).toBe(2);
    expect(focus('PageUp', 7)).toBe(2);
  });
  it('starts at the first item that is seen, or at the end that is asked for', () => {
    expect(focus('ArrowDown', -1)).toBe(10);
    expect(focus('PageUp', -1)).toBe(10);
    expect(focus('Home', -1)).toBe(0);
    expect(focus('End', -1)).toBe(22);
  });
  it('extends with Shift', () => {
    expect(gridAction({ key: 'ArrowRight', shiftKey: true }, at(3))).toEqual({
      kind: 'focus',
      index: 4,
      extend: true,
    });
  });
});

describe('commands', () => {
  it('has one key for each', () => {
    expect(gridAction({ key: ' ' }, at(3))).toEqual({ kind: 'toggle', index: 3 });
    expect(gridAction({ key: 'Enter' }, at(3))).toEqual({ kind: 'open', index: 3 });
    expect(gridAction({ key: 'a', ctrlKey: true }, at(3))).toEqual({ kind: 'select-all' });
    expect(gridAction({ key: 'z', metaKey: true }, at(3))).toEqual({ kind: 'undo' });
    expect(gridAction({ key: 'Delete' }, at(3))).toEqual({ kind: 'remove' });
    expect(gridAction({ key: '/' }, at(3))).toEqual({ kind: 'search' });
    expect(gridAction({ key: '?', shiftKey: true }, at(3))).toEqual({ kind: 'help' });
  });
  it('leaves the browser its own keys', () => {
    expect(gridAction({ key: 'r', ctrlKey: true }, at(3))).toBeNull();
    expect(gridAction({ key: 'ArrowLeft', altKey: true }, at(3))).toBeNull();
    expect(gridAction({ key: 'Tab' }, at(3))).toBeNull();
  });
  it('does nothing in an empty grid', () => {
    expect(
      gridAction({ key: 'End' }, { index: -1, count: 0, columns: 5, pageRows: 2, first: 0 }),
    ).toBeNull();
    expect(
      gridAction({ key: ' ' }, { index: -1, count: 0, columns: 5, pageRows: 2, first: 0 }),
    ).toBeNull();
  });
});
