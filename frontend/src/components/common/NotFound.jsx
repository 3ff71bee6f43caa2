// @ts-check
import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { EmptyState } from './EmptyState.jsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState icon={IconMapOff} title={t('common.notFound')} text={t('common.notFoundText')}>
      <Button component={Link} to="/drift" variant="light">
        {t('common.toStart')}
      </Button>
    </EmptyState>
  );
}
