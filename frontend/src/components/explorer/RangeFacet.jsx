// @ts-check
import { ActionIcon, Group, RangeSlider, Text, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../../lib/format.js';
import { Histogram } from './Histogram.jsx';

/** @typedef {import('../../lib/filterParams.js').Range} Range */
/** @typedef {import('./Histogram.jsx').Bins} Bins */
const STEPS = 200;

/**
 * A histogram that filters: pick a bar, or set both ends with the slider.
 * @param {{
 *   title: string, all: Bins, shown?: Bins, range?: Range, whole?: boolean,
 *   onChange: (range: Range | undefined) => void,
 * }} props `whole` for counts, which have no fractions
 */
export function RangeFacet({ title, all, shown, range, whole = false, onChange }) {
  const { t } = useTranslation();
  const { min: low, max: high } = all;
  const set = /** @type {[number, number]} */ ([range?.min ?? low, range?.max ?? high]);
  const [dragged, setDragged] = useState(/** @type {[number, number] | null} */ (null));
  const value = dragged ?? set;
  if (!(high > low)) {
    return (
      <Group justify="space-between" gap="xs">
        <Text size="xs">{title}</Text>
        <Text size="xs" c="dimmed" className="dd-num">
          {formatNumber(low)}
        </Text>
      </Group>
    );
  }
  /** @param {[number, number]} next */
  const commit = ([min, max]) => {
    setDragged(null);
    const open = { ...(min > low ? { min } : {}), ...(max < high ? { max } : {}) };
    onChange(Object.keys(open).length > 0 ? open : undefined);
  };
  return (
    <div>
      <Group justify="space-between" gap={4} wrap="nowrap" mih={24}>
        <Text size="xs" fw={range ? 650 : 400} truncate>
          {title}
        </Text>
        <Group gap={2} wrap="nowrap">
          <Text size="xs" c="dimmed" className="dd-num" style={{ whiteSpace: 'nowrap' }}>
            {formatNumber(value[0])} – {formatNumber(value[1])}
          </Text>
          {range ? (
            <Tooltip label={t('explorer.filter.clearOne', { name: title })}>
              <ActionIcon
                size={24}
                aria-label={t('explorer.filter.clearOne', { name: title })}
                onClick={() => onChange(undefined)}
              >
                <IconX size={14} aria-hidden />
              </ActionIcon>
            </Tooltip>
          ) : null}
        </Group>
      </Group>
      <Histogram all={all} shown={shown} onPick={onChange} />
      <RangeSlider
        size={2}
        thumbSize={14}
        min={low}
        max={high}
        step={whole ? 1 : (high - low) / STEPS}
        minRange={0}
        value={value}
        label={null}
        onChange={setDragged}
        onChangeEnd={commit}
        thumbFromLabel={t('explorer.filter.from', { name: title })}
        thumbToLabel={t('explorer.filter.to', { name: title })}
      />
    </div>
  );
}
