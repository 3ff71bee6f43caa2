// @ts-check
// biome-ignore-all lint/a11y/useSemanticElements: no table element scrolls virtually
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid keeps the focus and names its current cell
import { Button, Group, Text } from '@mantine/core';
import { useEffect, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useReload, useViewItems } from '../../api/queries/items.js';
import { useScaledGrid } from '../../hooks/useScaledGrid.js';
import { gridAction } from '../../lib/gridKeys.js';
import { rowOffset } from '../../lib/scaledGrid.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { GridCell } from './GridCell.jsx';
import classes from './ItemGrid.module.css';

/** @typedef {import('../../api/queries/types.d.ts').Item} Item */
/** @typedef {import('../../lib/gridKeys.js').GridAction} KeyAction */
/** @typedef {KeyAction | {kind: 'range', index: number}} GridAction */
const GAP = 6;

/**
 * The images of a view, any number of them. It knows positions, keys and clicks; what they do is decided by `onAction`,
 * which also gets the item where it is loaded.
 * @param {object} props
 * @param {string} props.workspaceId
 * @param {import('../../api/queries/types.d.ts').View} props.view
 * @param {string} props.resetKey scrolls to the top when it changes
 * @param {number} props.cell least side of a cell in px
 * @param {number} props.cursor position of the current item, -1 for none
 * @param {(item: Item) => boolean} props.isSelected
 * @param {(item: Item) => {color: string, text: string} | null} props.paint
 * @param {(action: GridAction, item: Item | undefined) => void} props.onAction
 */
export function ItemGrid({
  workspaceId,
  view,
  resetKey,
  cell,
  cursor,
  isSelected,
  paint,
  onAction,
}) {
  const { t } = useTranslation();
  const gridId = useId();
  const grid = useScaledGrid({ count: view.total, cell, gap: GAP });
  const { geometry, reveal, scrollToTop } = grid;
  const { columns, cell: side } = geometry;
  const from = grid.first * columns;
  const to = grid.ready ? Math.min(view.total, (grid.last + 1) * columns) - 1 : -1;
  const { itemAt, error, retry, stale } = useViewItems(workspaceId, view.view_id, { from, to });

  useEffect(() => {
    if (cursor >= 0) reveal(cursor);
  }, [cursor, reveal]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list starts at its top, and nothing else does
  useEffect(() => scrollToTop(0), [resetKey]);

  /** @param {import('react').KeyboardEvent} event */
  const onKeyDown = (event) => {
    const pageRows = Math.floor(geometry.height / geometry.rowHeight);
    const action = gridAction(event, {
      index: cursor,
      count: view.total,
      columns,
      pageRows,
      first: Math.ceil(grid.top / geometry.rowHeight) * columns,
    });
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    onAction(action, 'index' in action ? itemAt(action.index) : undefined);
  };

  /** @param {import('react').MouseEvent} event */
  const onClick = (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const index = Number(
      /** @type {HTMLElement | null} */ (target.closest('[data-index]'))?.dataset.index ?? -1,
    );
    if (index < 0) return;
    onAction({ kind: clickKind(event, target), index }, itemAt(index));
  };

  const rows = [];
  for (let row = grid.first; grid.ready && row <= grid.last; row += 1) {
    const cells = [];
    const end = Math.min(view.total, (row + 1) * columns);
    for (let index = row * columns; index < end; index += 1) {
      const item = itemAt(index);
      const mark = item ? paint(item) : null;
      cells.push(
        <GridCell
          key={index}
          id={`${gridId}-${index}`}
          index={index}
          column={index - row * columns}
          x={GAP + (index - row * columns) * (side + GAP)}
          size={side}
          item={item}
          label={cellLabel(t, index, item)}
          selected={item ? isSelected(item) : false}
          current={index === cursor}
          fast={grid.fast}
          tint={mark?.color}
          note={mark?.text}
        />,
      );
    }
    const y = rowOffset(geometry, row, grid.top);
    rows.push(
      <div
        key={row}
        role="row"
        aria-rowindex={row + 1}
        className={classes.row}
        style={{ height: side, transform: `translateY(${y}px)` }}
      >
        {cells}
      </div>,
    );
  }

  return (
    <div className={classes.frame}>
      <div
        ref={grid.ref}
        role="grid"
        tabIndex={0}
        aria-label={t('explorer.grid.label')}
        aria-rowcount={geometry.rows}
        aria-colcount={columns}
        aria-multiselectable="true"
        aria-activedescendant={cursor >= from && cursor <= to ? `${gridId}-${cursor}` : undefined}
        className={classes.grid}
        onKeyDown={onKeyDown}
        onClick={onClick}
        data-testid="item-grid"
      >
        <div
          role="presentation"
          className={classes.spacer}
          style={{ height: geometry.physicalHeight }}
        >
          {rows}
        </div>
      </div>
      {stale ? <StaleNotice workspaceId={workspaceId} /> : null}
      {error ? (
        <div className={classes.problem}>
          <ProblemAlert error={error} onRetry={retry} />
        </div>
      ) : null}
    </div>
  );
}

/** The data is no longer what this list was made of. @param {{workspaceId: string}} props */
function StaleNotice({ workspaceId }) {
  const { t } = useTranslation();
  const reload = useReload(workspaceId);
  return (
    <Group className={classes.stale} role="status" gap="sm">
      <Text size="sm">{t('explorer.stale.text')}</Text>
      <Button size="compact-sm" onClick={reload}>
        {t('explorer.stale.reload')}
      </Button>
    </Group>
  );
}

/**
 * Shift extends, Ctrl and the check box toggle, anything else opens.
 * @param {import('react').MouseEvent} event
 * @param {HTMLElement} target
 * @returns {'range' | 'toggle' | 'open'}
 */
function clickKind(event, target) {
  if (event.shiftKey) return 'range';
  return event.ctrlKey || event.metaKey || target.closest('[data-check]') ? 'toggle' : 'open';
}

/**
 * @param {import('i18next').TFunction} t
 * @param {number} index
 * @param {Item | undefined} item
 */
function cellLabel(t, index, item) {
  if (!item) return t('explorer.grid.loading', { number: index + 1 });
  return t('explorer.grid.cell', {
    name: item.file_name,
    split: item.split,
    count: item.annotation_count,
    classes: item.classes.join(', '),
  });
}
