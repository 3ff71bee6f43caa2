// @ts-check
import {
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { splitEffectQuery, useSplit } from '../../api/queries/curation.js';
import { useItemEdits } from '../../hooks/useItemEdits.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { splitRequest, startShares } from '../../lib/splitRequest.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { toast, toastUndo } from '../common/toasts.jsx';
import { EffectTable } from '../sampling/EffectTable.jsx';
import { ShareFields } from './ShareFields.jsx';

const GROUPINGS = /** @type {const} */ (['none', 'duplicates', 'folder', 'prefix']);
const WAIT_MS = 400;

/**
 * Divides the whole set anew. What it does is shown before it is done.
 * @param {{workspaceId: string, dataVersion: string, onClose: () => void}} props
 */
export default function SplitDialog({ workspaceId, dataVersion, onClose }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const [form, setForm] = useState(() => ({
    shares: startShares(workspace.splits),
    stratified: true,
    group_by: /** @type {(typeof GROUPINGS)[number]} */ ('none'),
    stable: false,
    frozen: /** @type {string[]} */ ([]),
    seed: 0,
  }));
  const request = useMemo(() => splitRequest(form), [form]);
  const [asked] = useDebouncedValue(request, WAIT_MS);
  const effect = useQuery(splitEffectQuery(workspaceId, dataVersion, asked));
  const seen = asked === request && effect.data !== undefined && !effect.isPlaceholderData;
  const split = useSplit(workspaceId, dataVersion);
  const edits = useItemEdits(workspaceId, dataVersion);
  /** @param {Partial<typeof form>} values */
  const set = (values) => setForm((before) => ({ ...before, ...values }));
  const apply = () =>
    request &&
    split.mutate(request, {
      onSuccess: ({ changed, edit_id: editId }) => {
        const done = t('explorer.done.split', { count: changed, target: '' });
        if (editId) toastUndo(done, () => edits.takeBack(editId));
        else toast(done);
        onClose();
      },
    });
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('curation.split.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Group align="start" gap="xl" grow preventGrowOverflow={false}>
        <Stack gap="sm" maw={340}>
          <ShareFields
            shares={form.shares}
            frozen={form.frozen}
            onChange={(shares) => set({ shares })}
          />
          <MultiSelect
            label={t('curation.split.frozen')}
            description={t('curation.split.frozenText')}
            data={Object.keys(workspace.splits)}
            value={form.frozen}
            onChange={(frozen) => set({ frozen })}
            clearable
            clearButtonProps={{ 'aria-label': t('curation.split.clearFrozen') }}
          />
          <Switch
            label={t('curation.split.stratified')}
            description={t('curation.split.stratifiedText')}
            checked={form.stratified && !form.stable}
            disabled={form.stable}
            onChange={(event) => set({ stratified: event.currentTarget.checked })}
          />
          <Switch
            label={t('curation.split.stable')}
            description={t('curation.split.stableText')}
            checked={form.stable}
            onChange={(event) => set({ stable: event.currentTarget.checked })}
          />
          <Select
            label={t('curation.split.group')}
            data={GROUPINGS.map((value) => ({ value, label: t(`curation.split.groups.${value}`) }))}
            value={form.group_by}
            allowDeselect={false}
            onChange={(value) =>
              set({ group_by: /** @type {(typeof GROUPINGS)[number]} */ (value ?? 'none') })
            }
          />
          <NumberInput
            label={t('sampling.seed')}
            value={form.seed}
            min={0}
            max={4294967295}
            allowDecimal={false}
            onChange={(value) => set({ seed: Number(value) || 0 })}
          />
        </Stack>
        <Stack gap="xs" miw={260}>
          <Text fw={650} size="sm">
            {t('curation.effect')}
          </Text>
          {request ? (
            <QueryState query={effect} height={200}>
              {(result) => (
                <>
                  <Text size="sm" role="status">
                    {t('curation.split.moves', {
                      count: result.changed,
                      n: formatCount(result.changed),
                    })}
                  </Text>
                  <EffectTable effect={result.effect} />
                </>
              )}
            </QueryState>
          ) : (
            <Text size="sm" role="status">
              {t('curation.split.incomplete')}
            </Text>
          )}
        </Stack>
      </Group>
      {split.error ? <ProblemAlert error={split.error} /> : null}
      <Group justify="end" gap="xs" mt="md">
        <Button variant="default" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button disabled={!request || !seen} loading={split.isPending} onClick={apply}>
          {t('curation.split.do')}
        </Button>
      </Group>
    </Modal>
  );
}
