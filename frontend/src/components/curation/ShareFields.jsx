// @ts-check
import { ActionIcon, Button, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

/** @typedef {import('../../lib/splitRequest.js').Share} Share */
/**
 * How much each split gets, in percent.
 * @param {{shares: readonly Share[], frozen: readonly string[], onChange: (shares: Share[]) => void}} props
 */
export function ShareFields({ shares, frozen, onChange }) {
  const { t } = useTranslation();
  /** @param {number} at @param {Partial<Share>} values */
  const set = (at, values) =>
    onChange(shares.map((share, index) => (index === at ? { ...share, ...values } : share)));
  return (
    <Stack gap={6} role="group" aria-label={t('curation.split.shares')}>
      <Text size="sm" fw={500}>
        {t('curation.split.shares')}
      </Text>
      {shares.map((share, at) => (
        <Group key={share.key} gap={6} wrap="nowrap">
          <TextInput
            flex={1}
            size="xs"
            aria-label={t('curation.split.name', { number: at + 1 })}
            value={share.name}
            maxLength={64}
            disabled={frozen.includes(share.name)}
            onChange={(event) => set(at, { name: event.currentTarget.value })}
          />
          <NumberInput
            w={90}
            size="xs"
            aria-label={t('curation.split.share', { name: share.name })}
            suffix=" %"
            min={0}
            max={100}
            value={share.percent}
            disabled={frozen.includes(share.name)}
            onChange={(value) => set(at, { percent: Number(value) || 0 })}
          />
          <ActionIcon
            size={28}
            aria-label={t('curation.split.drop', { name: share.name })}
            disabled={shares.length === 1}
            onClick={() => onChange(shares.filter((_, index) => index !== at))}
          >
            <IconX size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...shares, { key: nextKey(shares), name: '', percent: 10 }])}
        style={{ alignSelf: 'start' }}
      >
        {t('curation.split.add')}
      </Button>
    </Stack>
  );
}

/** @param {readonly Share[]} shares */
const nextKey = (shares) => Math.max(0, ...shares.map(({ key }) => key)) + 1;
