// @ts-check
import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Stack,
  Text,
  Tooltip,
} from '@mantine/core';
import { IconDice5, IconEye } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../api/problems.js';
import { useCreateSample } from '../../api/queries/sampling.js';
import { useMeans } from '../../hooks/useMeans.js';
import { useSampleSource } from '../../hooks/useSampleSource.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { toBody } from '../../lib/selection.js';
import { cardOf, incomplete, wireStrategy } from '../../lib/strategies.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { toastProblem } from '../common/toasts.jsx';
import classes from './SampleForm.module.css';
import { SourcePicker } from './SourcePicker.jsx';
import { StrategyCards } from './StrategyCards.jsx';
import { StrategyForm } from './StrategyForm.jsx';

/** @typedef {import('../../lib/strategies.js').Strategy} Strategy */
const SEEDS = 100_000;
const DEFAULT_SIZE = 100;

/**
 * From which images, by which strategy, how many: everything that a sample is made from. Nothing is changed by it.
 * @param {{workspaceId: string, onSampled: (sampleId: string) => void}} props
 */
export function SampleForm({ workspaceId, onSampled }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const { means, attributes, scored, reports, total } = useMeans(workspaceId);
  const source = useSampleSource(workspaceId);
  const [strategy, setStrategy] = useState(/** @type {Strategy} */ ({ kind: 'random' }));
  const [size, setSize] = useState(/** @type {string | number} */ (DEFAULT_SIZE));
  const [seed, setSeed] = useState(0);
  const [include, setInclude] = useState(false);
  const create = useCreateSample(workspaceId);
  const card = cardOf(strategy.kind);
  const fault = incomplete(strategy);
  const sized = typeof size === 'number';
  const canInclude = source.source !== 'selection' && source.selected > 0;

  /** @param {string} kind */
  const pick = (kind) => setStrategy(newStrategy(kind, workspace.drift_report_id, means));

  /** @param {import('react').FormEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    try {
      const pool = await source.pool();
      create.mutate(
        {
          strategy: wireStrategy(strategy),
          size: sized ? size : null,
          seed,
          pool,
          include: include && canInclude ? toBody(source.selection) : null,
        },
        { onSuccess: (sample) => onSampled(sample.sample_id) },
      );
    } catch (error) {
      toastProblem(error);
    }
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <SourcePicker
          source={source.source}
          total={total}
          matching={source.matching}
          selected={source.selected}
          hasFilter={source.hasFilter}
          onChange={source.setSource}
        />
        <StrategyCards selected={strategy.kind} means={means} onSelect={pick}>
          <StrategyForm
            strategy={strategy}
            choices={{
              means,
              attributes,
              scored,
              reports,
              selectedIds: source.selection.kind === 'ids' ? [...source.selection.ids] : [],
            }}
            onChange={setStrategy}
          />
        </StrategyCards>
        <div className={classes.foot}>
          <Group align="start" grow>
            <NumberInput
              size="xs"
              label={t('sampling.size')}
              placeholder={card?.open ? t('sampling.sizeAll') : undefined}
              min={1}
              allowDecimal={false}
              thousandSeparator=","
              value={size}
              onChange={setSize}
              error={fieldError(create.error, 'size')}
            />
            <NumberInput
              size="xs"
              label={t('sampling.seed')}
              min={0}
              max={2 ** 32 - 1}
              allowDecimal={false}
              value={seed}
              onChange={(next) => setSeed(Number(next) || 0)}
              rightSection={
                <Tooltip label={t('sampling.newSeed')}>
                  <ActionIcon
                    size={24}
                    aria-label={t('sampling.newSeed')}
                    onClick={() => setSeed(Math.floor(Math.random() * SEEDS))}
                  >
                    <IconDice5 size={16} aria-hidden />
                  </ActionIcon>
                </Tooltip>
              }
            />
          </Group>
          {canInclude ? (
            <Checkbox
              size="xs"
              label={t('sampling.include', { n: formatCount(source.selected) })}
              checked={include}
              onChange={(event) => setInclude(event.currentTarget.checked)}
            />
          ) : null}
          {fault ? (
            <Text size="xs" c="dimmed" role="status">
              {t(`sampling.incomplete.${fault}`)}
            </Text>
          ) : null}
          {create.error ? <ProblemAlert error={create.error} /> : null}
          <Button
            type="submit"
            loading={create.isPending}
            disabled={fault !== null || (!sized && !card?.open)}
            leftSection={<IconEye size={16} aria-hidden />}
          >
            {t('sampling.preview')}
          </Button>
        </div>
      </Stack>
    </form>
  );
}

/**
 * A strategy with its defaults, and the report that this workspace came from where it takes one.
 * @param {string} kind
 * @param {string | null} reportId
 * @param {import('../../lib/strategies.js').Means} means
 * @returns {Strategy}
 */
function newStrategy(kind, reportId, means) {
  const strategy = { kind, ...cardOf(kind)?.defaults() };
  if (kind !== 'match_target') return strategy;
  return {
    ...strategy,
    report_id: reportId ?? '',
    features: means.vectors ? 'embedding' : 'attributes',
  };
}
