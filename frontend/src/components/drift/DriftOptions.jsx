// @ts-check
import '../../mantine-more.css';
import { Group, NumberInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** @typedef {{ alpha: number, seed: number }} Options */

/** What few change. @param {{ options: Options, onChange: (options: Options) => void }} props */
export default function DriftOptions({ options, onChange }) {
  const { t } = useTranslation();
  return (
    <Group gap="md" align="start">
      <NumberInput
        label={t('drift.alpha')}
        description={t('drift.alphaHint')}
        value={options.alpha}
        onChange={(alpha) => onChange({ ...options, alpha: Number(alpha) })}
        min={0.001}
        max={0.2}
        step={0.01}
        w={260}
      />
      <NumberInput
        label={t('drift.seed')}
        description={t('drift.seedHint')}
        value={options.seed}
        onChange={(seed) => onChange({ ...options, seed: Number(seed) })}
        min={0}
        allowDecimal={false}
        w={260}
      />
    </Group>
  );
}
