// @ts-check
import { describe, expect, it } from 'vitest';
import {
  clampTop,
  gridGeometry,
  MAX_PX,
  rowOffset,
  topToReveal,
  visibleRows,
  wheelPixels,
} from './scaledGrid.js';

const small = gridGeometry({ count: 1000, cell: 160, gap: 6, width: 1336, height: 800 });
const huge = gridGeometry({ count: 5_000_000, cell: 160, gap: 6, width: 1336, height: 800 });

describe('grid geometry', () => {
  it('fits as many columns as the width holds, and at least one', () => {
    expect(small.columns).toBe(8);
    expect(gridGeometry({ count: 10, cell: 320, gap: 6, width: 100, height: 800 }).columns).toBe(1);
  });

  it('fills the row with cells a little larger than asked for', () => {
    expect(small.cell).toBe(160);
    const wide = gridGeometry({ count: 10, cell: 160, gap: 6, width: 1400, height: 800 });
    expect(wide.cell).toBe(168);
    expect(6 + wide.columns * (wide.cell + 6)).toBeLessThanOrEqual(1400);
  });

  it('scrolls one to one below the cap', () => {
    expect(small.scale).toBe(1);
    expect(small.physicalHeight).toBe(small.virtualHeight);
    expect(rowOffset(small, 3, 400)).toBe(6 + 3 * 166);
  });

  it('never makes a spacer above the cap', () => {
    expect(huge.virtualHeight).toBeGreaterThan(100_000_000);
    expect(huge.physicalHeight).toBe(MAX_PX);
  });

  it('reaches the last of five million items at the end of the scroll bar', () => {
    const physicalEnd = huge.physicalHeight - huge.height;
    const top = physicalEnd * huge.scale;
    expect(top).toBeCloseTo(huge.maxTop, 3);
    const { last } = visibleRows(huge, top);
    expect(last).toBe(huge.rows - 1);
    expect((last + 1) * huge.columns).toBeGreaterThanOrEqual(5_000_000);
  });

  it('places visible rows inside the viewport at any position', () => {
    for (const top of [0, 12_345, 3_000_000.5, huge.maxTop]) {
      const physicalTop = top / huge.scale;
      const row = Math.floor(top / huge.rowHeight);
      const y = rowOffset(huge, row, top) - physicalTop;
      expect(y).toBeGreaterThan(-huge.rowHeight);
      expect(y).toBeLessThanOrEqual(huge.gap + 1);
    }
  });

  it('draws nothing of an empty grid', () => {
    const empty = gridGeometry({ count: 0, cell: 160, gap: 6, width: 800, height: 600 });
    const { first, last } = visibleRows(empty, 0);
    expect(last).toBeLessThan(first);
    expect(empty.maxTop).toBe(0);
  });
});

describe('revealing an item', () => {
  it('does not move when the item is visible', () => {
    expect(topToReveal(small, 9, 100)).toBe(100);
  });
  it('moves up or down only as far as needed', () => {
    expect(topToReveal(small, 0, 500)).toBe(0);
    const top = topToReveal(small, 400, 0);
    expect(top + small.height).toBe(Math.floor(400 / 8) * 166 + 172);
  });
  it('stays within the grid', () => {
    expect(clampTop(small, -5)).toBe(0);
    expect(clampTop(small, 1e12)).toBe(small.maxTop);
  });
});

it('understands wheels that report lines', () => {
  expect(wheelPixels({ deltaY: 3, deltaMode: 1 })).toBe(120);
  expect(wheelPixels({ deltaY: 3, deltaMode: 0 })).toBe(3);
});
