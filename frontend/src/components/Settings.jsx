// @ts-check
import '../mantine-more.css';
import {
  Button,
  Group,
  SegmentedControl,
  Stack,
  Text,
  Title,
  useMantineColorScheme,
} from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { sessionQuery, versionQuery } from '../api/queries/system.js';
import { signOut } from '../api/session.js';
import { changeLanguage } from '../lib/i18n.js';
import { ProblemAlert } from './common/ProblemAlert.jsx';
import { QueryState } from './common/QueryState.jsx';
import { SignIn } from './common/SignIn.jsx';

export function Settings() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const session = useQuery(sessionQuery());
  const leave = useMutation({ mutationFn: signOut });
  return (
    <Stack className="dd-page" gap="xl" maw={720}>
      <title>{`${t('settings.title')} · ddoc`}</title>
      <Title order={1}>{t('settings.title')}</Title>
      <Stack component="section" gap="sm" className="dd-panel">
        <Title order={2} size="h3">
          {t('settings.appearance')}
        </Title>
        <Group justify="space-between">
          <Text id="settings-language">{t('settings.language')}</Text>
          <SegmentedControl
            aria-labelledby="settings-language"
            value={i18n.language}
            onChange={(value) => changeLanguage(value === 'ko' ? 'ko' : 'en')}
            data={[
              { value: 'ko', label: '한국어' },
              { value: 'en', label: 'English' },
            ]}
          />
        </Group>
        <Group justify="space-between">
          <Text id="settings-theme">{t('settings.theme')}</Text>
          <SegmentedControl
            aria-labelledby="settings-theme"
            value={colorScheme}
            onChange={(value) => setColorScheme(/** @type {typeof colorScheme} */ (value))}
            data={[
              { value: 'auto', label: t('settings.themes.auto') },
              { value: 'light', label: t('settings.themes.light') },
              { value: 'dark', label: t('settings.themes.dark') },
            ]}
          />
        </Group>
      </Stack>
      <Stack component="section" gap="sm" className="dd-panel">
        <Title order={2} size="h3">
          {t('settings.access')}
        </Title>
        <QueryState query={session} height={40}>
          {({ required, signed_in: signedIn }) =>
            required ? (
              <Group justify="space-between">
                <Text size="sm">{t(signedIn ? 'settings.signedIn' : 'settings.signedOut')}</Text>
                {signedIn ? (
                  <Button
                    variant="default"
                    onClick={() => leave.mutate()}
                    loading={leave.isPending}
                  >
                    {t('settings.signOut')}
                  </Button>
                ) : (
                  <SignIn />
                )}
              </Group>
            ) : (
              <Text size="sm">{t('settings.open')}</Text>
            )
          }
        </QueryState>
        {leave.error ? <ProblemAlert error={leave.error} /> : null}
      </Stack>
      <Versions />
    </Stack>
  );
}

function Versions() {
  const { t } = useTranslation();
  const version = useQuery(versionQuery());
  return (
    <Stack component="section" gap="sm" className="dd-panel">
      <Title order={2} size="h3">
        {t('settings.versions')}
      </Title>
      <QueryState query={version} height={40}>
        {(versions) => (
          <dl
            style={{
              margin: 0,
              display: 'grid',
              gridTemplateColumns: 'auto 1fr',
              gap: '0.25rem 1.5rem',
            }}
          >
            {Object.entries(versions).map(([name, value]) => (
              <Text component="div" size="sm" key={name} style={{ display: 'contents' }}>
                <dt className="dd-muted">
                  {t(`settings.versionNames.${name}`, { defaultValue: name })}
                </dt>
                <dd style={{ margin: 0 }}>{String(value)}</dd>
              </Text>
            ))}
          </dl>
        )}
      </QueryState>
    </Stack>
  );
}
