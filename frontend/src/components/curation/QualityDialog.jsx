// @ts-check
import { Group, Modal, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { qualityQuery } from '../../api/queries/quality.js';
import { useItemEdits } from '../../hooks/useItemEdits.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { ofIds, setSelection } from '../../lib/selection.js';
import { QueryState } from '../common/QueryState.jsx';
import { GroupQueue } from './GroupQueue.jsx';
import { LabelQueue } from './LabelQueue.jsx';

const QUEUES = /** @type {const} */ (['duplicates', 'leaks', 'labels']);

/**
 * What looks wrong, ranked, to act on many at once.
 * @param {{workspaceId: string, dataVersion: string, onClose: () => void}} props
 */
export default function QualityDialog({ workspaceId, dataVersion, onClose }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const queue = QUEUES.find((name) => name === params.get('queue')) ?? 'duplicates';
  const quality = useQuery(qualityQuery(workspaceId));
  const edits = useItemEdits(workspaceId, dataVersion);
  /** @type {import('./GroupQueue.jsx').Acts} */
  const acts = {
    busy: edits.busy,
    splits: Object.keys(workspace.splits),
    onSelect: (ids) => {
      setSelection(workspaceId, ofIds(ids));
      onClose();
    },
    onRemove: (ids) => edits.apply({ kind: 'remove' }, ofIds(ids)),
    onMove: (ids, split) => edits.apply({ kind: 'move', target_split: split }, ofIds(ids)),
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="min(72rem, 96vw)"
      title={t('curation.quality.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Text size="sm" c="dimmed" mb="sm">
        {t('curation.quality.text')}
      </Text>
      <QueryState query={quality} height={320}>
        {(found) => (
          <Tabs
            value={queue}
            onChange={(next) =>
              setParams(
                (before) => {
                  const after = new URLSearchParams(before);
                  after.set('queue', next ?? 'duplicates');
                  return after;
                },
                { replace: true },
              )
            }
            keepMounted={false}
          >
            <Tabs.List mb="sm">
              {QUEUES.map((name) => (
                <Tabs.Tab key={name} value={name}>
                  <Group gap={6} component="span">
                    {t(`curation.quality.queues.${name}`)}
                    <span className="dd-num dd-muted">{formatCount(countOf(found, name))}</span>
                  </Group>
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="duplicates">
              <GroupQueue workspaceId={workspaceId} groups={found.duplicates} {...acts} />
            </Tabs.Panel>
            <Tabs.Panel value="leaks">
              <GroupQueue workspaceId={workspaceId} groups={found.leaks} leaks {...acts} />
            </Tabs.Panel>
            <Tabs.Panel value="labels">
              {found.predictions ? <HeldAgainst run={found.predictions} /> : null}
              <LabelQueue workspaceId={workspaceId} rows={found.labels} {...acts} />
            </Tabs.Panel>
          </Tabs>
        )}
      </QueryState>
    </Modal>
  );
}

/** Which model also judged the labels. @param {{run: import('../../api/queries/types.d.ts').HeldAgainst}} props */
function HeldAgainst({ run }) {
  const { t } = useTranslation();
  return (
    <Text size="sm" mb="sm" c={run.problem ? 'var(--dd-bad)' : 'dimmed'}>
      {t(run.problem ? 'curation.quality.cannotRead' : 'curation.quality.heldAgainst', {
        name: run.name,
        version: run.snapshot_id,
        problem: run.problem,
      })}
    </Text>
  );
}

/** @param {import('../../api/queries/types.d.ts').Quality} found @param {(typeof QUEUES)[number]} name */
function countOf({ counts }, name) {
  if (name === 'duplicates') return (counts.exact_groups ?? 0) + (counts.near_groups ?? 0);
  return counts[name] ?? 0;
}
