// @ts-check
import { Stack, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function DriftStudio() {
  const { t } = useTranslation();
  return (
    <Stack className="dd-page" gap="md">
      <Title order={1}>{t('drift.title')}</Title>
    </Stack>
  );
}
