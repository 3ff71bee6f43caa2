// @ts-check
// biome-ignore-all lint/a11y/useSemanticElements: no table element scrolls virtually
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid keeps the focus and names its current cell
import { memo } from 'react';
import { apiUrl } from '../../api/client.js';
import classes from './ItemGrid.module.css';

/** @typedef {import('../../api/queries/types.d.ts').Item} Item */
/** Below this side a cell has no room for badges. */
const BADGE_FROM_PX = 96;

/**
 * One item of the grid: its average colour, then its thumbnail. It has no handlers of its own (the grid listens once)
 * and is drawn again only when one of these values changes.
 */
export const GridCell = memo(
  /**
   * @param {{
   *   id: string, index: number, column: number, x: number, size: number, item?: Item, label: string,
   *   selected: boolean, current: boolean, fast: boolean, tint?: string, note?: string,
   * }} props
   */
  function GridCell({
    id,
    index,
    column,
    x,
    size,
    item,
    label,
    selected,
    current,
    fast,
    tint,
    note,
  }) {
    const roomy = size >= BADGE_FROM_PX;
    return (
      <div
        id={id}
        role="gridcell"
        aria-colindex={column + 1}
        aria-selected={selected}
        aria-label={label}
        data-index={index}
        data-current={current || undefined}
        className={classes.cell}
        style={{ left: x, width: size, height: size, background: item?.color }}
      >
        {item && !fast ? (
          <img
            className={classes.image}
            src={apiUrl(item.thumbnail_url)}
            alt=""
            width={size}
            height={size}
            decoding="async"
            draggable={false}
          />
        ) : null}
        {item ? <span className={classes.check} data-check aria-hidden="true" /> : null}
        {item && roomy && !fast ? (
          <span className={classes.badge} aria-hidden="true">
            {item.annotated ? item.annotation_count : '–'}
          </span>
        ) : null}
        {note && !fast ? (
          <span className={classes.note} style={{ borderLeftColor: tint }} aria-hidden="true">
            {roomy ? note : ''}
          </span>
        ) : null}
      </div>
    );
  },
);
