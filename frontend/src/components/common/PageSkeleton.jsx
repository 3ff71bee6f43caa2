// @ts-check
import { Skeleton, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** What a page shows while its code or its data comes. */
export function PageSkeleton() {
  const { t } = useTranslation();
  return (
    <Stack className="dd-page" gap="md" aria-busy="true">
      <span className="dd-visually-hidden" role="status">
        {t('common.loading')}
      </span>
      <Skeleton height={28} width="18rem" />
      <Skeleton height={120} />
      <Skeleton height={220} />
    </Stack>
  );
}
