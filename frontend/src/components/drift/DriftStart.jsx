// @ts-check
import { Stack, Text, Title } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import classes from './DriftStart.module.css';
import { ReportList } from './ReportList.jsx';
import { RunDrift } from './RunDrift.jsx';
import { SidePicker } from './SidePicker.jsx';

// Below the fold, and not everybody has one.
const GuardList = lazy(() => import('./GuardList.jsx'));

/** @typedef {'base' | 'target'} Role */

/** Steps 1 and 2: which two datasets, and the comparison as it runs. All of it stands in the address. */
export function DriftStart() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  /** @param {Record<string, string | null>} changes */
  const change = (changes) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [key, value] of Object.entries(changes)) {
          if (value === null) next.delete(key);
          else next.set(key, value);
        }
        return next;
      },
      { replace: true },
    );
  /** @param {Role} role */
  const side = (role) => (
    <SidePicker
      role={role}
      datasetId={params.get(role)}
      onPick={(id) => change({ [role]: id })}
      jobId={params.get(`${role}Job`)}
      onJob={(id) => change({ [`${role}Job`]: id })}
      onIngested={(id) => change({ [role]: id, [`${role}Job`]: null })}
    />
  );
  return (
    <Stack className="dd-page" gap="lg">
      <title>{`${t('shell.drift')} · ddoc`}</title>
      <Stack gap={4}>
        <Title order={1}>{t('drift.title')}</Title>
        <Text c="dimmed" maw={640}>
          {t('drift.intro')}
        </Text>
      </Stack>
      <div className={classes.sides}>
        {side('base')}
        <IconArrowRight className={classes.arrow} size={22} stroke={1.6} aria-hidden />
        {side('target')}
      </div>
      <RunDrift
        base={params.get('base')}
        target={params.get('target')}
        jobId={params.get('job')}
        onJob={(id) => change({ job: id })}
      />
      <ReportList />
      <Suspense fallback={null}>
        <GuardList />
      </Suspense>
    </Stack>
  );
}
