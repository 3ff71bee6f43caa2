// @ts-check
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconPlayerPlay, IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { isActive } from '../../api/queries/jobs.js';
import { formatCount } from '../../lib/format.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { Section } from '../common/Section.jsx';
import classes from './Analysis.module.css';

/**
 * One analysis: what is known, and the run that makes it known.
 * @param {object} props
 * @param {string} props.title
 * @param {string} props.text
 * @param {Pick<import('../../api/model.d.ts').AttributesResult, 'state' | 'items' | 'of' | 'failed'>} props.result
 * @param {import('../../api/model.d.ts').Job | undefined} props.job running, or failed last
 * @param {(force: boolean) => void} props.onRun
 * @param {boolean} props.starting
 * @param {unknown} props.error
 * @param {import('react').ReactNode} [props.controls] beside the button
 * @param {import('react').ReactNode} [props.children] figures
 */
export function AnalysisCard({
  title,
  text,
  result,
  job,
  onRun,
  starting,
  error,
  controls,
  children,
}) {
  const { t } = useTranslation();
  const { state, items, of } = result;
  const broken = result.failed ?? 0;
  return (
    <Section
      title={title}
      text={text}
      right={
        <span className={classes.state} data-state={state}>
          {t(`analysis.states.${state}`)}
        </span>
      }
    >
      <Text size="sm" className="dd-num">
        {t('analysis.known', { items: formatCount(items), of: formatCount(of) })}
        {broken ? ` · ${t('analysis.broken', { count: broken })}` : ''}
      </Text>
      {children}
      {isActive(job) ? null : (
        <Group gap="sm" align="end">
          {controls}
          {state === 'complete' ? (
            <>
              <Text size="sm" c="dimmed">
                {t('analysis.cached')}
              </Text>
              <Button
                variant="default"
                size="xs"
                leftSection={<IconRefresh size={14} aria-hidden />}
                loading={starting}
                onClick={() => onRun(true)}
              >
                {t('analysis.again')}
              </Button>
            </>
          ) : (
            <Button
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              loading={starting}
              disabled={of === 0}
              onClick={() => onRun(false)}
            >
              {t(items > 0 ? 'analysis.rest' : 'analysis.run', { count: of - items })}
            </Button>
          )}
        </Group>
      )}
      {job ? (
        <Stack gap="xs">
          <JobProgress job={job} onRetry={() => onRun(false)} />
        </Stack>
      ) : null}
      {error ? <ProblemAlert error={error} /> : null}
    </Section>
  );
}
