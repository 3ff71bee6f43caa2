// @ts-check
import { Anchor, Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { beforeAfterQuery, relatedReportsQuery, useRunDrift } from '../../api/queries/drift.js';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { formatCount, formatDate, formatNumber, formatP } from '../../lib/format.js';
import { againBody, byAge, metricRows } from '../../lib/reportChange.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { Section } from '../common/Section.jsx';

/** @typedef {import('../../api/model.d.ts').DriftReport} DriftReport */

/** Did it help? Drift and metrics towards the same target, before and after. @param {{ report: DriftReport }} props */
export function ReportChange({ report }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const related = useQuery(relatedReportsQuery(report.report_id));
  return (
    <Section
      title={t('drift.change.title')}
      text={t('drift.change.text')}
      right={<MeasureAgain report={report} />}
    >
      <QueryState query={related} height={60}>
        {(all) => {
          const { reports, later } = byAge(report, all);
          if (reports.length === 0) return <Later report={report} later={later} />;
          const wanted = params.get('before');
          const before = reports.find(({ report_id: id }) => id === wanted) ?? reports[0];
          return (
            <Stack gap="sm">
              <Select
                label={t('drift.change.before')}
                maw={480}
                allowDeselect={false}
                value={before?.report_id ?? null}
                data={reports.map((other) => ({
                  value: other.report_id,
                  label: `${other.base.name} → ${other.target.name} · ${formatDate(other.created_at)}`,
                }))}
                onChange={(id) =>
                  setParams(
                    (now) => {
                      const next = new URLSearchParams(now);
                      if (id) next.set('before', id);
                      return next;
                    },
                    { replace: true },
                  )
                }
              />
              {before ? <Change reportId={report.report_id} before={before.report_id} /> : null}
            </Stack>
          );
        }}
      </QueryState>
    </Section>
  );
}

/** Nothing came before this report; what came after it has the comparison. @param {{ report: DriftReport, later: import('../../api/model.d.ts').DriftReportSummary | undefined }} props */
function Later({ report, later }) {
  const { t } = useTranslation();
  if (!later) return <Text size="sm">{t('drift.change.none')}</Text>;
  return (
    <Anchor component={Link} size="sm" to={`/drift/${later.report_id}?before=${report.report_id}`}>
      {t('drift.change.later', { date: formatDate(later.created_at) })}
    </Anchor>
  );
}

/** @param {{ reportId: string, before: string }} props */
function Change({ reportId, before }) {
  const { t } = useTranslation();
  const change = useQuery(beforeAfterQuery(reportId, before));
  return (
    <QueryState query={change} height={120}>
      {(found) => {
        const { score, p_value: p, items, added } = found;
        const metrics = metricRows(found);
        const unreachable = found.before.runs === null || found.after.runs === null;
        const direction = direct(score);
        return (
          <>
            <Text size="sm" fw={600} role="status">
              {t(`drift.change.direction.${direction}`, {
                before: score.before.toFixed(2),
                after: score.after.toFixed(2),
              })}{' '}
              {added === 0 ? null : costOf(t, added)}
            </Text>
            <Table fz="sm" verticalSpacing={4} maw={560}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>
                    <span className="dd-visually-hidden">{t('drift.change.figure')}</span>
                  </Table.Th>
                  <Table.Th ta="end">{t('drift.change.beforeShort')}</Table.Th>
                  <Table.Th ta="end">{t('drift.change.afterShort')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                <Row
                  name={t('drift.score')}
                  before={formatNumber(score.before)}
                  after={formatNumber(score.after)}
                />
                <Row name="p" before={formatP(p.before)} after={formatP(p.after)} />
                <Row
                  name={t('drift.change.items')}
                  before={formatCount(items.before)}
                  after={formatCount(items.after)}
                />
                {metrics.map((metric) => (
                  <Row
                    key={metric.name}
                    name={metric.name}
                    before={formatNumber(metric.before)}
                    after={formatNumber(metric.after)}
                  />
                ))}
              </Table.Tbody>
            </Table>
            {unreachable || metrics.length === 0 ? (
              <Text size="sm" c="dimmed">
                {t(unreachable ? 'drift.change.noServer' : 'drift.change.noRuns')}
              </Text>
            ) : null}
          </>
        );
      }}
    </QueryState>
  );
}

/** @param {{ name: string, before: string, after: string }} props */
function Row({ name, before, after }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        {name}
      </Table.Th>
      <Table.Td ta="end" className="dd-num">
        {before}
      </Table.Td>
      <Table.Td ta="end" className="dd-num">
        {after}
      </Table.Td>
    </Table.Tr>
  );
}

/** @param {{ before: number, after: number }} score */
function direct({ before, after }) {
  const step = Math.round((after - before) * 100);
  if (step === 0) return 'same';
  return step < 0 ? 'less' : 'more';
}

/** Compares the curated base with the same target. @param {{ report: DriftReport }} props */
function MeasureAgain({ report }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const run = useRunDrift();
  const done = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      const made = /** @type {{report_id: string} | null} */ (job.result);
      if (job.state === 'succeeded' && made)
        navigate(`/drift/${made.report_id}?before=${report.report_id}`);
    },
    [navigate, report.report_id],
  );
  const job = useJob(jobId, done);
  const body = againBody(report);
  if (!body) return null;
  return (
    <Stack gap={6} align="end">
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          disabled={isActive(job)}
          loading={run.isPending}
          onClick={() => run.mutate(body, { onSuccess: (started) => setJobId(started.job_id) })}
        >
          {t('drift.change.again')}
        </Button>
      </Group>
      {run.error ? <ProblemAlert error={run.error} /> : null}
      {job && job.state !== 'succeeded' ? <JobProgress job={job} /> : null}
    </Stack>
  );
}

/** @param {import('i18next').TFunction} t @param {number} added */
function costOf(t, added) {
  const size = { count: Math.abs(added), n: formatCount(Math.abs(added)) };
  return added > 0 ? t('drift.change.cost', size) : t('drift.change.less', size);
}
