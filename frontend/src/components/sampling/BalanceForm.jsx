// @ts-check
import { Checkbox, NumberInput, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useWorkspace } from '../../hooks/useWorkspace.js';

/** All classes alike, or a share for each. @param {import('./StrategyForm.jsx').FormProps} props */
export function BalanceForm({ strategy, onChange }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const shares = /** @type {Record<string, number> | null} */ (strategy.shares);
  /** @param {string} name @param {string | number} value */
  const set = (name, value) =>
    onChange({ ...strategy, shares: { ...shares, [name]: Number(value) || 0 } });
  return (
    <Stack gap={6}>
      <Checkbox
        size="xs"
        label={t('sampling.params.equal')}
        checked={shares === null}
        onChange={(event) =>
          onChange({
            ...strategy,
            shares: event.currentTarget.checked
              ? null
              : Object.fromEntries(workspace.classes.map((name) => [name, 1])),
          })
        }
      />
      {shares === null
        ? null
        : workspace.classes.map((name) => (
            <NumberInput
              key={name}
              size="xs"
              label={t('sampling.params.share', { name })}
              min={0}
              value={shares[name] ?? 0}
              onChange={(value) => set(name, value)}
            />
          ))}
    </Stack>
  );
}
