// @ts-check
import { Checkbox, NumberInput, Select, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFieldName } from '../../hooks/useFieldName.js';
import { ITEM_FIELDS, scoreField } from '../../lib/facets.js';
import { numberOrEmpty, numberOrNull } from '../../lib/numbers.js';

/** A drift score, an attribute or a plain value in a range. @param {import('./StrategyForm.jsx').FormProps} props */
export function ThresholdForm({ strategy, choices, onChange }) {
  const { t } = useTranslation();
  const nameOf = useFieldName();
  const fields = [...choices.scored.map(scoreField), ...choices.attributes, ...ITEM_FIELDS];
  return (
    <Stack gap={6}>
      <Select
        size="xs"
        label={t('sampling.params.field')}
        data={fields.map((field) => ({ value: field, label: nameOf(field) }))}
        value={String(strategy.field) || null}
        onChange={(field) => onChange({ ...strategy, field: field ?? '' })}
        searchable
      />
      <NumberInput
        size="xs"
        label={t('sampling.params.min')}
        value={numberOrEmpty(strategy.min)}
        decimalScale={6}
        onChange={(min) => onChange({ ...strategy, min: numberOrNull(min) })}
      />
      <NumberInput
        size="xs"
        label={t('sampling.params.max')}
        value={numberOrEmpty(strategy.max)}
        decimalScale={6}
        onChange={(max) => onChange({ ...strategy, max: numberOrNull(max) })}
      />
      <Checkbox
        size="xs"
        label={t('sampling.params.ascending')}
        checked={strategy.ascending === true}
        onChange={(event) => onChange({ ...strategy, ascending: event.currentTarget.checked })}
      />
    </Stack>
  );
}
