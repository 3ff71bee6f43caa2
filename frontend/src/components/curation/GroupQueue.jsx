// @ts-check
import { Button, Checkbox, Group, Menu, Stack, Text } from '@mantine/core';
import { IconChecklist, IconStarFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';
import { itemThumbnail } from '../../lib/thumbnails.js';
import { EmptyState } from '../common/EmptyState.jsx';
import classes from './Curation.module.css';

/** @typedef {import('../../api/queries/types.d.ts').QualityGroup} QualityGroup */
/**
 * What can be done with what is ticked.
 * @typedef {object} Acts
 * @property {boolean} busy
 * @property {readonly string[]} splits
 * @property {(ids: string[]) => void} onSelect
 * @property {(ids: string[]) => void} onRemove
 * @property {(ids: string[], split: string) => void} onMove
 */

/**
 * Groups of equal or nearly equal images with the one to keep.
 * @param {{workspaceId: string, groups: readonly QualityGroup[], leaks?: boolean} & Acts} props
 */
export function GroupQueue({ workspaceId, groups, leaks = false, ...acts }) {
  const { t } = useTranslation();
  const [ticked, setTicked] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  if (groups.length === 0) {
    return (
      <EmptyState
        icon={IconChecklist}
        order={3}
        title={t(leaks ? 'curation.quality.noLeaks' : 'curation.quality.noDuplicates')}
        text={t(leaks ? 'curation.quality.noLeaksText' : 'curation.quality.noDuplicatesText')}
      />
    );
  }
  const chosen = groups.filter((group) => ticked.has(group.keep));
  const all = chosen.length === groups.length;
  const spare = chosen.flatMap((group) => group.remove);
  const whole = chosen.flatMap((group) => group.items.map((item) => item.item_id));
  const tick = (/** @type {string} */ key) =>
    setTicked((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  return (
    <Stack gap="sm">
      <Group justify="space-between" className={classes.bar}>
        <Checkbox
          label={t('curation.quality.all', { count: groups.length, n: formatCount(groups.length) })}
          checked={all}
          indeterminate={chosen.length > 0 && !all}
          onChange={() => setTicked(new Set(all ? [] : groups.map(({ keep }) => keep)))}
        />
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            disabled={spare.length === 0}
            onClick={() => acts.onSelect(spare)}
          >
            {t('curation.quality.select', { count: spare.length, n: formatCount(spare.length) })}
          </Button>
          {leaks ? (
            <MoveTo
              splits={acts.splits}
              disabled={whole.length === 0 || acts.busy}
              onMove={(split) => acts.onMove(whole, split)}
            />
          ) : null}
          <Button
            size="compact-sm"
            variant="default"
            c={spare.length > 0 ? 'var(--dd-bad)' : undefined}
            disabled={spare.length === 0}
            loading={acts.busy}
            onClick={() => acts.onRemove(spare)}
          >
            {t('curation.quality.remove', { count: spare.length, n: formatCount(spare.length) })}
          </Button>
        </Group>
      </Group>
      <ul className={classes.groups}>
        {groups.map((group) => (
          <li key={group.keep} className={classes.group}>
            <Group gap="sm" wrap="nowrap">
              <Checkbox
                checked={ticked.has(group.keep)}
                onChange={() => tick(group.keep)}
                aria-label={t('curation.quality.tick', {
                  name: group.items[0]?.name ?? group.keep,
                })}
              />
              <Text size="sm">
                {t(`curation.quality.kind.${group.kind}`, { count: group.items.length })}
              </Text>
              {group.splits.length > 1 ? (
                <span className={classes.leak}>{group.splits.join(' ↔ ')}</span>
              ) : null}
            </Group>
            <ul className={classes.strip}>
              {group.items.map((item) => (
                <li key={item.item_id}>
                  <figure
                    className={classes.figure}
                    data-keep={item.item_id === group.keep || undefined}
                  >
                    <img
                      src={itemThumbnail(workspaceId, item.item_id, 192)}
                      alt=""
                      loading="lazy"
                      decoding="async"
                      width={132}
                      height={132}
                    />
                    <figcaption>
                      {item.item_id === group.keep ? (
                        <span className={classes.keep}>
                          <IconStarFilled size={12} aria-hidden />
                          {t('curation.quality.keep')}
                        </span>
                      ) : null}
                      <span className={classes.name} title={item.name}>
                        {item.name}
                      </span>
                      <span className="dd-muted">
                        {item.split} · {item.width}×{item.height} ·{' '}
                        {t('curation.quality.annotations', { count: item.annotation_count })}
                      </span>
                    </figcaption>
                  </figure>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Stack>
  );
}

/** @param {{splits: readonly string[], disabled: boolean, onMove: (split: string) => void}} props */
function MoveTo({ splits, disabled, onMove }) {
  const { t } = useTranslation();
  return (
    <Menu shadow="md" position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="default" disabled={disabled}>
          {t('curation.quality.together')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {splits.map((split) => (
          <Menu.Item key={split} onClick={() => onMove(split)}>
            {split}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
