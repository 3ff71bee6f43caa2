// @ts-check
import { useTranslation } from 'react-i18next';
import { useEdit, useUndo } from '../api/queries/items.js';
import { toast, toastProblem, toastUndo } from '../components/common/toasts.jsx';
import { NOTHING, setSelection, toBody } from '../lib/selection.js';

/** @typedef {import('../api/queries/items.js').EditStep} EditStep */
/** @typedef {import('../lib/selection.js').Selection} Selection */

/**
 * Bulk edits as people meet them: done at once, told in a toast that takes them back.
 * @param {string} workspaceId
 * @param {string} dataVersion what the selection was made on
 */
export function useItemEdits(workspaceId, dataVersion) {
  const { t } = useTranslation();
  const edit = useEdit(workspaceId);
  const undo = useUndo(workspaceId);

  /** Newest first; none means the last edit. */
  const takeBack = (/** @type {readonly string[]} */ ...editIds) =>
    undo.mutate(editIds, {
      onSuccess: (changed) => toast(t('explorer.undone', { count: changed })),
      onError: toastProblem,
    });

  const apply = (
    /** @type {EditStep} */ step,
    /** @type {Selection} */ selection,
    /** @type {() => void} */ onDone = () => {},
  ) =>
    edit.mutate(
      { step, selection: toBody(selection), dataVersion },
      {
        onSuccess: (result) => {
          // Removed items are gone, and what a filter matched before the edit is not what it matches now.
          if (step.kind === 'remove' || selection.kind === 'filter')
            setSelection(workspaceId, NOTHING);
          tell(t, step, result, takeBack);
          onDone();
        },
        onError: toastProblem,
      },
    );

  return { apply, takeBack, busy: edit.isPending || undo.isPending };
}

/**
 * @param {import('i18next').TFunction} t
 * @param {EditStep} step
 * @param {import('../api/queries/types.d.ts').EditResult} result
 * @param {(editId: string) => void} takeBack
 */
function tell(t, step, { changed, skipped, edit_id: editId }, takeBack) {
  const target =
    'target_split' in step ? step.target_split : 'new_label' in step ? step.new_label : '';
  const done = t(`explorer.done.${step.kind}`, { count: changed, target });
  const left = skipped.length > 0 ? ` · ${t('explorer.skipped', { count: skipped.length })}` : '';
  if (editId) toastUndo(`${done}${left}`, () => takeBack(editId));
  else toast(`${done}${left}`);
}
