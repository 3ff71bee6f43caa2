// @ts-check
import { Checkbox, NumberInput, TextInput } from '@mantine/core';

/** @typedef {import('../../api/queries/types.d.ts').TrainerParam} TrainerParam */
/**
 * The field for one declared parameter.
 * @param {{param: TrainerParam, value: unknown, error: string | null, onChange: (value: unknown) => void}} props
 */
export function ParamField({ param, value, error, onChange }) {
  const { name, type, help } = param;
  if (type === 'bool') {
    return (
      <Checkbox
        size="sm"
        label={name}
        description={help}
        checked={value === true}
        error={error}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (type === 'str') {
    return (
      <TextInput
        size="xs"
        label={name}
        description={help}
        value={typeof value === 'string' ? value : ''}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  return (
    <NumberInput
      size="xs"
      label={name}
      description={help}
      value={typeof value === 'number' ? value : ''}
      allowDecimal={type === 'float'}
      decimalScale={type === 'float' ? 12 : 0}
      error={error}
      hideControls={type === 'float'}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
    />
  );
}
