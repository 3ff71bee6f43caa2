// @ts-check
import { Button, Group, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { isRouteErrorResponse, Link, useRouteError } from 'react-router';
import { NotFound } from './NotFound.jsx';
import { ProblemAlert } from './ProblemAlert.jsx';

/** One route broke: the header and the other routes go on. */
export function RouteError() {
  const { t } = useTranslation();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  return (
    <Stack className="dd-page" gap="md">
      <ProblemAlert error={error} onRetry={() => window.location.reload()} />
      <Group>
        <Button component={Link} to="/drift" variant="default">
          {t('common.toStart')}
        </Button>
      </Group>
    </Stack>
  );
}
