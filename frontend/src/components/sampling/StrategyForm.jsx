// @ts-check
import { Checkbox, NumberInput, Select, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFieldName } from '../../hooks/useFieldName.js';
import { scoreField } from '../../lib/facets.js';
import { formatCount } from '../../lib/format.js';
import { numberOrEmpty, numberOrNull } from '../../lib/numbers.js';
import { BalanceForm } from './BalanceForm.jsx';
import { CombineForm } from './CombineForm.jsx';
import { ThresholdForm } from './ThresholdForm.jsx';

/** @typedef {import('../../lib/strategies.js').Strategy} Strategy */
/**
 * What the forms choose from.
 * @typedef {object} Choices
 * @property {import('../../lib/strategies.js').Means} means
 * @property {readonly string[]} attributes
 * @property {readonly string[]} scored reports that scored these items
 * @property {readonly import('../../api/model.d.ts').DriftReportSummary[]} reports
 * @property {readonly string[]} selectedIds selected items, where they are known by id
 */
/** @typedef {{strategy: Strategy, choices: Choices, onChange: (next: Strategy) => void}} FormProps */

/** @type {Record<string, import('react').ComponentType<FormProps>>} */
const FORMS = {
  threshold: ThresholdForm,
  balance: BalanceForm,
  match_target: MatchTargetForm,
  typicality: TypicalityForm,
  similar: SimilarForm,
  dedup: DedupForm,
  combine: CombineForm,
};

/** The parameters of one strategy; nothing where it has none. @param {FormProps} props */
export function StrategyForm(props) {
  const Form = FORMS[props.strategy.kind];
  return Form ? <Form {...props} /> : null;
}

/** @param {FormProps} props */
function MatchTargetForm({ strategy, choices, onChange }) {
  const { t } = useTranslation();
  const nameOf = useFieldName();
  const features = ['embedding', 'attributes'].filter(
    (kind) => choices.means[kind === 'embedding' ? 'vectors' : 'attributes'],
  );
  return (
    <Stack gap={6}>
      <Select
        size="xs"
        label={t('sampling.params.report')}
        data={choices.reports.map(({ report_id: id }) => ({
          value: id,
          label: nameOf(scoreField(id)),
        }))}
        value={String(strategy.report_id) || null}
        onChange={(id) => onChange({ ...strategy, report_id: id ?? '' })}
      />
      <Select
        size="xs"
        label={t('sampling.params.features')}
        data={features.map((value) => ({ value, label: t(`sampling.params.by.${value}`) }))}
        value={String(strategy.features)}
        allowDeselect={false}
        onChange={(value) => onChange({ ...strategy, features: value })}
      />
      <Checkbox
        size="xs"
        label={t('sampling.params.withBase')}
        checked={strategy.with_base !== false}
        onChange={(event) => onChange({ ...strategy, with_base: event.currentTarget.checked })}
      />
    </Stack>
  );
}

/** @param {FormProps} props */
function TypicalityForm({ strategy, onChange }) {
  const { t } = useTranslation();
  return (
    <NumberInput
      size="xs"
      label={t('sampling.params.typical')}
      description={t('sampling.params.typicalHint')}
      min={0}
      max={10}
      step={0.5}
      value={numberOrEmpty(strategy.weight)}
      onChange={(weight) => onChange({ ...strategy, weight: numberOrNull(weight) ?? 1 })}
    />
  );
}

/** @param {FormProps} props */
function SimilarForm({ strategy, choices, onChange }) {
  const { t } = useTranslation();
  const ids = Array.isArray(strategy.item_ids) ? strategy.item_ids : [];
  const { selectedIds } = choices;
  return (
    <Stack gap={6}>
      <Checkbox
        size="xs"
        disabled={selectedIds.length === 0 && ids.length === 0}
        label={t('sampling.params.toSelected', {
          n: formatCount(ids.length || selectedIds.length),
        })}
        checked={ids.length > 0}
        onChange={(event) =>
          onChange({ ...strategy, item_ids: event.currentTarget.checked ? [...selectedIds] : [] })
        }
      />
      {selectedIds.length === 0 ? (
        <Text size="xs" c="dimmed">
          {t('sampling.params.selectFirst')}
        </Text>
      ) : null}
    </Stack>
  );
}

/** @param {FormProps} props */
function DedupForm({ strategy, onChange }) {
  const { t } = useTranslation();
  return (
    <NumberInput
      size="xs"
      label={t('sampling.params.cosine')}
      placeholder={t('sampling.params.fromData')}
      min={0.5}
      max={1}
      step={0.01}
      decimalScale={3}
      value={numberOrEmpty(strategy.threshold)}
      onChange={(threshold) => onChange({ ...strategy, threshold: numberOrNull(threshold) })}
    />
  );
}
