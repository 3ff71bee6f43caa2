// @ts-check
import { ActionIcon, Button, Group, NumberInput, Select, Stack, Tooltip } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { CARDS, cardOf, missingNeeds, partsOf } from '../../lib/strategies.js';
import classes from './CombineForm.module.css';
import { StrategyForm } from './StrategyForm.jsx';

/** @typedef {import('../../lib/strategies.js').Strategy} Strategy */
const MAX_PARTS = 8;

/**
 * A stack of strategies: their ranks are multiplied by weight, and duplicates and ranges filter.
 * @param {import('./StrategyForm.jsx').FormProps} props
 */
export function CombineForm({ strategy, choices, onChange }) {
  const { t } = useTranslation();
  const parts = partsOf(strategy);
  const available = CARDS.filter(
    (card) => card.kind !== 'combine' && missingNeeds(card, choices.means).length === 0,
  );
  /** @param {{strategy: Strategy, weight: number}[]} next */
  const set = (next) => onChange({ ...strategy, parts: next });
  /** @param {number} at @param {Partial<{strategy: Strategy, weight: number}>} change */
  const change = (at, change) =>
    set(parts.map((part, index) => (index === at ? { ...part, ...change } : part)));
  return (
    <Stack gap={6}>
      {parts.map((part, index) => {
        const key = `${index} ${part.strategy.kind}`;
        return (
          <div key={key} className={classes.part}>
            <Group gap={6} wrap="nowrap" align="end">
              <Select
                size="xs"
                flex={1}
                label={t('sampling.params.part', { number: index + 1 })}
                data={available.map(({ kind }) => ({
                  value: kind,
                  label: t(`sampling.kinds.${kind}.title`),
                }))}
                value={part.strategy.kind}
                allowDeselect={false}
                onChange={(kind) => kind && change(index, { strategy: newStrategy(kind) })}
              />
              <NumberInput
                size="xs"
                w={76}
                label={t('sampling.params.weight')}
                min={0}
                max={100}
                step={0.5}
                value={part.weight}
                onChange={(weight) => change(index, { weight: Number(weight) || 0 })}
              />
              <Tooltip label={t('sampling.params.removePart')}>
                <ActionIcon
                  size={30}
                  aria-label={t('sampling.params.removePart')}
                  onClick={() => set(parts.filter((_, other) => other !== index))}
                >
                  <IconX size={16} aria-hidden />
                </ActionIcon>
              </Tooltip>
            </Group>
            <StrategyForm
              strategy={part.strategy}
              choices={choices}
              onChange={(next) => change(index, { strategy: next })}
            />
          </div>
        );
      })}
      <Button
        size="compact-xs"
        variant="default"
        disabled={parts.length >= MAX_PARTS}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => set([...parts, { strategy: newStrategy('random'), weight: 1 }])}
      >
        {t('sampling.params.addPart')}
      </Button>
    </Stack>
  );
}

/** @param {string} kind @returns {Strategy} */
const newStrategy = (kind) => ({ kind, ...cardOf(kind)?.defaults() });
