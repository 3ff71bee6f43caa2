// @ts-check
import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signIn } from '../../api/session.js';
import { ProblemAlert } from './ProblemAlert.jsx';

/** The API asks for a token; here it is given once. */
export function SignIn() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const login = useMutation({
    mutationFn: signIn,
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <Stack
      component="form"
      className="dd-page"
      maw={460}
      gap="md"
      onSubmit={(/** @type {import('react').FormEvent} */ event) => {
        event.preventDefault();
        login.mutate(token.trim());
      }}
    >
      <Title order={1} size="h2">
        {t('signIn.title')}
      </Title>
      <Text c="dimmed" size="sm">
        {t('signIn.text')}
      </Text>
      <PasswordInput
        label={t('signIn.token')}
        value={token}
        onChange={(e) => setToken(e.currentTarget.value)}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
        required
      />
      {login.error ? <ProblemAlert error={login.error} /> : null}
      <Button type="submit" loading={login.isPending} disabled={token.trim() === ''}>
        {t('signIn.submit')}
      </Button>
    </Stack>
  );
}
