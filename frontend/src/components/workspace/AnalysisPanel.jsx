// @ts-check
import { Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function AnalysisPanel() {
  const { t } = useTranslation();
  return <Title order={1}>{t('shell.panel.analysis')}</Title>;
}
