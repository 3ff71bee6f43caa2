// @ts-check
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconSettings } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

export function SettingsLink() {
  const { t } = useTranslation();
  return (
    <Tooltip label={t('shell.settings')}>
      <ActionIcon size="lg" component={Link} to="/settings" aria-label={t('shell.settings')}>
        <IconSettings size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
