// @ts-check
import { countOf } from '../../lib/selection.js';
import { KeySheet } from './KeySheet.jsx';
import { RelabelDialog } from './RelabelDialog.jsx';
import { RemoveDialog } from './RemoveDialog.jsx';

/** @typedef {import('../../lib/selection.js').Selection} Selection */

/**
 * The dialogs of the explorer, one at a time.
 * @param {{
 *   workspaceId: string, dataVersion: string, dialog: import('../../hooks/useExplorer.js').Dialog,
 *   classes: readonly string[], onClose: () => void,
 *   onApply: (step: import('../../api/queries/items.js').EditStep, selection: Selection) => void,
 * }} props
 */
export function ExplorerDialogs({ workspaceId, dataVersion, dialog, classes, onClose, onApply }) {
  const open = dialog !== null && typeof dialog === 'object' ? dialog : null;
  const relabelled = open && 'relabel' in open ? open.relabel : null;
  const removed = open && 'remove' in open ? open.remove : null;
  return (
    <>
      <KeySheet opened={dialog === 'keys'} onClose={onClose} />
      <RelabelDialog
        opened={relabelled !== null}
        count={relabelled ? countOf(relabelled) : 0}
        classes={classes}
        onClose={onClose}
        onRelabel={(labels) => relabelled && onApply({ kind: 'relabel', ...labels }, relabelled)}
      />
      {removed ? (
        <RemoveDialog
          workspaceId={workspaceId}
          dataVersion={dataVersion}
          selection={removed}
          onClose={onClose}
          onRemove={() => {
            onClose();
            onApply({ kind: 'remove' }, removed);
          }}
        />
      ) : null}
    </>
  );
}
