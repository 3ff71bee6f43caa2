// @ts-check
import { Autocomplete, Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sampleEffectQuery, useApplySample } from '../../api/queries/sampling.js';
import { workspacesQuery } from '../../api/queries/workspaces.js';
import { useItemEdits } from '../../hooks/useItemEdits.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { pairOf } from '../../lib/pairs.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { toast, toastUndo } from '../common/toasts.jsx';
import { EffectTable } from './EffectTable.jsx';
import { NewWorkspaceForm } from './NewWorkspaceForm.jsx';

/** @typedef {import('../../api/queries/types.d.ts').Sample} Sample */
/** @typedef {import('../../api/queries/sampling.js').SampleUse} SampleUse */

/**
 * One use of a sample, its effect shown before it is done.
 * @param {{
 *   workspaceId: string, sample: Sample, use: import('./SampleResult.jsx').Use, onClose: () => void,
 * }} props
 */
export function ApplyDialog({ workspaceId, sample, use, onClose }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t(`sampling.use.${use}`)}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {use === 'workspace' ? (
        <NewWorkspaceForm workspaceId={workspaceId} sample={sample} onClose={onClose} />
      ) : (
        <EditForm workspaceId={workspaceId} sample={sample} use={use} onClose={onClose} />
      )}
    </Modal>
  );
}

/**
 * @param {{
 *   workspaceId: string, sample: Sample, use: 'move' | 'remove' | 'keep_only' | 'add', onClose: () => void,
 * }} props
 */
function EditForm({ workspaceId, sample, use, onClose }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const all = useQuery(workspacesQuery()).data?.workspaces ?? [];
  const others = all.filter((other) => other.workspace_id !== workspaceId);
  const pair = pairOf(workspaceId, all);
  const partner = [pair.base, pair.target].find((id) => id && id !== workspaceId);
  const [target, setTarget] = useState(/** @type {string | null} */ (null));
  const [split, setSplit] = useState('');
  const targetId = target ?? partner ?? null;
  const there = use === 'add' ? others.find((other) => other.workspace_id === targetId) : workspace;
  const step = stepOf(use, split.trim(), targetId);
  const edits = useItemEdits(workspaceId, sample.data_version);
  const apply = useApplySample(workspaceId, sample);
  const submit = () =>
    step &&
    apply.mutate(step, {
      onSuccess: ({ changed, edit_id: editId }) => {
        const done = t(`explorer.done.${use}`, { count: changed, target: split.trim() });
        // An edit of another workspace is undone there.
        if (editId && use !== 'add') toastUndo(done, () => edits.takeBack(editId));
        else toast(done);
        onClose();
      },
    });
  return (
    <Stack gap="sm">
      {use === 'add' ? (
        <Select
          label={t('sampling.apply.workspace')}
          data={others.map((other) => ({ value: other.workspace_id, label: other.name }))}
          value={targetId}
          onChange={setTarget}
          searchable
          nothingFoundMessage={t('common.nothingFound')}
        />
      ) : null}
      {use === 'add' || use === 'move' ? (
        <Autocomplete
          label={t('sampling.apply.split')}
          data={Object.keys(there?.splits ?? {})}
          value={split}
          onChange={setSplit}
          maxLength={64}
          data-autofocus
        />
      ) : (
        <Text size="sm">
          {t(`sampling.apply.${use}`, { count: sample.size, n: formatCount(sample.size) })}
        </Text>
      )}
      {step ? <EffectOf workspaceId={workspaceId} sample={sample} step={step} /> : null}
      {apply.error ? <ProblemAlert error={apply.error} /> : null}
      <Group justify="end" gap="xs">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          color={use === 'remove' || use === 'keep_only' ? 'red' : undefined}
          disabled={!step}
          loading={apply.isPending}
          onClick={submit}
        >
          {t('sampling.apply.do')}
        </Button>
      </Group>
    </Stack>
  );
}

/** @param {{workspaceId: string, sample: Sample, step: SampleUse}} props */
function EffectOf({ workspaceId, sample, step }) {
  const { t } = useTranslation();
  const effect = useQuery(sampleEffectQuery(workspaceId, sample, step));
  return (
    <QueryState query={effect} height={140}>
      {(result) => (
        <>
          <Text size="sm" role="status">
            {t('sampling.apply.changes', { count: result.changed, n: formatCount(result.changed) })}
            {result.skipped.length > 0
              ? ` · ${t('explorer.skipped', { count: result.skipped.length })}`
              : ''}
          </Text>
          <EffectTable effect={result.effect} />
        </>
      )}
    </QueryState>
  );
}

/**
 * @param {'move' | 'remove' | 'keep_only' | 'add'} use
 * @param {string} split
 * @param {string | null} target
 * @returns {SampleUse | null} null while something is not said yet
 */
function stepOf(use, split, target) {
  if (use === 'move') return split ? { kind: use, split } : null;
  if (use === 'add') return split && target ? { kind: use, workspaceId: target, split } : null;
  return { kind: use };
}
