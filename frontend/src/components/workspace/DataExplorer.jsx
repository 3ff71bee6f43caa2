// @ts-check
import { useHotkeys } from '@mantine/hooks';
import { IconPhotoOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { histogramsQuery, viewQuery } from '../../api/queries/items.js';
import { useExplorer } from '../../hooks/useExplorer.js';
import { useGridSettings } from '../../hooks/useGridSettings.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { painter } from '../../lib/colorBy.js';
import { binsOf } from '../../lib/facets.js';
import { countOf, ofIds } from '../../lib/selection.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { CurationDialog, CurationMenu } from '../curation/CurationTools.jsx';
import { ExplorerDialogs } from '../explorer/ExplorerDialogs.jsx';
import { ExplorerStatus } from '../explorer/ExplorerStatus.jsx';
import { FilterChips } from '../explorer/FilterChips.jsx';
import { FilterSidebar } from '../explorer/FilterSidebar.jsx';
import { GoTo } from '../explorer/GoTo.jsx';
import { GridToolbar } from '../explorer/GridToolbar.jsx';
import { ItemDetail } from '../explorer/ItemDetail.jsx';
import { ItemGrid } from '../explorer/ItemGrid.jsx';
import { SavedViews } from '../explorer/SavedViews.jsx';
import { SelectionBar } from '../explorer/SelectionBar.jsx';
import classes from './DataExplorer.module.css';

const EVERYTHING = Object.freeze({});

/** Browse, filter, select and edit the images of a workspace. */
export function DataExplorer() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { workspaceId, workspace } = useWorkspace();
  const searchRef = useRef(/** @type {HTMLInputElement | null} */ (null));
  const settings = useGridSettings();
  const explorer = useExplorer(workspaceId, () => {
    if (!settings.sidebar) settings.toggleSidebar();
    requestAnimationFrame(() => searchRef.current?.focus());
  });
  const { params, view, chosen, cursor, act, edits } = explorer;
  const whole = useQuery(viewQuery(workspaceId, EVERYTHING));
  const all = useQuery(histogramsQuery(workspaceId, whole.data?.view_id ?? '')).data;
  const splits = Object.keys(workspace.splits);
  const paint = useMemo(
    () =>
      painter(params.color, {
        classes: workspace.classes,
        splits: Object.keys(workspace.splits),
        rangeOf: (field) => binsOf(all?.fields[field]),
      }),
    [params.color, workspace.classes, workspace.splits, all],
  );
  useHotkeys([
    ['/', () => act({ kind: 'search' }, undefined)],
    ['shift+?', () => act({ kind: 'help' }, undefined)],
    ['mod+Z', () => act({ kind: 'undo' }, undefined)],
  ]);

  return (
    <div className={classes.explorer}>
      <div className={classes.columns}>
        {settings.sidebar ? (
          <FilterSidebar
            workspaceId={workspaceId}
            viewId={view?.view_id ?? ''}
            filter={params.filter}
            onChange={params.setFilter}
            searchRef={searchRef}
          />
        ) : null}
        <div className={classes.main}>
          <GridToolbar
            all={all}
            sort={params.sort}
            color={params.color}
            cell={settings.cell}
            sidebar={settings.sidebar}
            onSort={(sort) => params.set({ sort, at: null })}
            onColor={(color) => params.set({ color })}
            onCell={settings.setCell}
            onSidebar={settings.toggleSidebar}
            onKeys={() => act({ kind: 'help' }, undefined)}
          >
            <SavedViews
              workspaceId={workspaceId}
              filter={params.filter}
              sort={params.sort}
              onPick={params.setView}
            />
            <CurationMenu onOpen={(tool) => params.set({ tool })} />
            <GoTo
              total={view?.total ?? 0}
              opened={explorer.dialog === 'goTo'}
              onOpened={(opened) => explorer.setDialog(opened ? 'goTo' : null)}
              onGo={explorer.goTo}
            />
          </GridToolbar>
          <FilterChips filter={params.filter} onChange={params.setFilter} />
          <SelectionBar
            selected={countOf(chosen.selection)}
            total={view?.total ?? 0}
            all={countOf(chosen.selection) === view?.total && chosen.selection.kind === 'filter'}
            splits={splits}
            busy={edits.busy}
            onAll={chosen.selectAll}
            onClear={chosen.clear}
            onMove={(split) => edits.apply({ kind: 'move', target_split: split }, chosen.selection)}
            onRelabel={() => explorer.setDialog({ relabel: chosen.selection })}
            onRemove={() => explorer.remove(chosen.selection)}
            onSample={() => navigate(`/w/${workspaceId}/sampling?source=selection`)}
          />
          <QueryState query={explorer.viewState} height={320}>
            {(shown) =>
              shown.total === 0 ? (
                <EmptyState
                  icon={IconPhotoOff}
                  title={t(
                    workspace.items === 0 ? 'explorer.empty.none' : 'explorer.empty.filtered',
                  )}
                  text={t(
                    workspace.items === 0
                      ? 'explorer.empty.noneText'
                      : 'explorer.empty.filteredText',
                  )}
                />
              ) : (
                <ItemGrid
                  workspaceId={workspaceId}
                  view={shown}
                  resetKey={explorer.listKey}
                  cell={settings.cell}
                  cursor={cursor}
                  isSelected={chosen.isSelected}
                  paint={paint}
                  onAction={act}
                />
              )
            }
          </QueryState>
        </div>
        {params.itemId ? (
          <ItemDetail
            workspaceId={workspaceId}
            itemId={params.itemId}
            index={params.at}
            total={view?.total ?? 0}
            classes={workspace.classes}
            onGo={explorer.goTo}
            onClose={explorer.close}
            onRelabel={(id) => explorer.setDialog({ relabel: ofIds([id]) })}
            onSimilar={explorer.showSimilar}
          />
        ) : null}
      </div>
      <ExplorerStatus
        workspaceId={workspaceId}
        shown={view?.total}
        all={workspace.items}
        selected={countOf(chosen.selection)}
        busy={edits.busy}
        onUndo={edits.takeBack}
      />
      <CurationDialog
        workspaceId={workspaceId}
        tool={params.tool}
        dataVersion={view?.data_version ?? ''}
        onClose={() => params.set({ tool: null, queue: null })}
      />
      <ExplorerDialogs
        workspaceId={workspaceId}
        dataVersion={view?.data_version ?? ''}
        dialog={explorer.dialog}
        classes={workspace.classes}
        onClose={() => explorer.setDialog(null)}
        onApply={edits.apply}
      />
    </div>
  );
}
