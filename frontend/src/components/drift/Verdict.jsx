// @ts-check
import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { reportHtmlUrl } from '../../api/queries/drift.js';
import { formatDate, formatP } from '../../lib/format.js';
import { whySentence } from '../../lib/why.js';
import { CreateWorkspaces } from './CreateWorkspaces.jsx';
import classes from './Verdict.module.css';
import { VerdictBadge } from './VerdictBadge.jsx';

/** The answer first: how much, how sure, why; then what to do. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function Verdict({ report }) {
  const { t, i18n } = useTranslation();
  const { base, target, score, status } = report;
  return (
    <Stack gap="md">
      <div>
        <Anchor component={Link} to="/drift" size="sm">
          {t('drift.back')}
        </Anchor>
        <Title order={1} className={classes.title}>
          <span className={classes.base}>{base.name}</span>
          {' → '}
          <span className={classes.target}>{target.name}</span>
        </Title>
        <Text size="sm" c="dimmed">
          {formatDate(report.created_at)}
        </Text>
      </div>
      <section className={classes.hero} data-status={status} aria-label={t('drift.verdict')}>
        <div className={classes.score}>
          <Text size="xs" c="dimmed">
            {t('drift.score')}
          </Text>
          <span className={classes.number}>{score.toFixed(2)}</span>
          <span className={classes.meter} aria-hidden="true">
            <span style={{ inlineSize: `${Math.round(score * 100)}%` }} />
          </span>
          <Text size="xs" c="dimmed">
            {t('drift.scale')}
          </Text>
        </div>
        <Stack gap="xs">
          <Group gap="sm">
            <VerdictBadge status={status} />
            <Text size="sm" c="dimmed" className="dd-num">
              {t('drift.p', { p: formatP(report.p_value) })}
            </Text>
          </Group>
          <Text className={classes.why}>{whySentence(report, i18n.language)}</Text>
          <Text size="sm" c="dimmed">
            {t(`drift.meaning.${status}`)}
          </Text>
          <Group gap="sm" mt={4}>
            <CreateWorkspaces report={report} />
            <Button
              component="a"
              href={reportHtmlUrl(report.report_id, i18n.language)}
              download
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              {t('drift.html')}
            </Button>
          </Group>
        </Stack>
      </section>
    </Stack>
  );
}
