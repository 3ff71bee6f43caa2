// @ts-check
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';
import { StatusBar } from '../common/StatusBar.jsx';
import { UndoHistory } from './UndoHistory.jsx';

/**
 * "12,345 of 118,287 · 37 selected · undo"
 * @param {{
 *   workspaceId: string, shown: number | undefined, all: number, selected: number, busy: boolean,
 *   onUndo: (...editIds: string[]) => void,
 * }} props
 */
export function ExplorerStatus({ workspaceId, shown, all, selected, busy, onUndo }) {
  const { t } = useTranslation();
  return (
    <StatusBar right={<UndoHistory workspaceId={workspaceId} busy={busy} onUndo={onUndo} />}>
      <span data-testid="shown-count">
        {shown === undefined
          ? t('common.loading')
          : t('explorer.status.shown', { shown: formatCount(shown), all: formatCount(all) })}
      </span>
      <span data-testid="selected-count">
        {selected > 0
          ? t('explorer.selection.count', { count: selected, n: formatCount(selected) })
          : ''}
      </span>
    </StatusBar>
  );
}
