// @ts-check
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { sampleQuery } from '../../api/queries/sampling.js';
import { formatCount, formatNumber } from '../../lib/format.js';
import { ofIds, setSelection } from '../../lib/selection.js';
import { QueryState } from '../common/QueryState.jsx';
import { Section } from '../common/Section.jsx';
import { MetricChart } from '../experiments/MetricChart.jsx';
import { ApplyDialog } from './ApplyDialog.jsx';
import { ExampleStrip } from './ExampleStrip.jsx';
import { KeptTable } from './KeptTable.jsx';

/** @typedef {import('../../api/queries/types.d.ts').Sample} Sample */
/** @typedef {'move' | 'remove' | 'keep_only' | 'add' | 'workspace'} Use */
/** @type {Use[]} */
const USES = ['move', 'add', 'workspace', 'keep_only', 'remove'];

/**
 * What a sample chose and what it left, and what can be done with it.
 * @param {{workspaceId: string, sampleId: string}} props
 */
export function SampleResult({ workspaceId, sampleId }) {
  const query = useQuery(sampleQuery(workspaceId, sampleId));
  return (
    <QueryState query={query} height={320}>
      {(sample) => <Result workspaceId={workspaceId} sample={sample} />}
    </QueryState>
  );
}

/** @param {{workspaceId: string, sample: Sample}} props */
function Result({ workspaceId, sample }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [use, setUse] = useState(/** @type {Use | null} */ (null));
  const { preview, curve } = sample;
  const kind = t(`sampling.kinds.${sample.strategy.kind}.title`);
  const select = () => {
    setSelection(workspaceId, ofIds(sample.item_ids));
    navigate(`/w/${workspaceId}/data`);
  };
  return (
    <Stack gap="md" data-testid="sample-result">
      <Group justify="space-between" align="start">
        <div>
          <Title order={2} size="h3">
            {t('sampling.result.title', {
              count: sample.size,
              n: formatCount(sample.size),
              pool: formatCount(sample.pool_size),
            })}
          </Title>
          <Text size="xs" c="dimmed">
            {kind} · {t('sampling.seed')} {sample.seed}
            {sample.coverage === null || sample.coverage === undefined
              ? ''
              : ` · ${t('sampling.result.coverage', { value: formatNumber(sample.coverage) })}`}
          </Text>
        </div>
        <Button size="compact-sm" variant="default" onClick={select}>
          {t('sampling.result.select')}
        </Button>
      </Group>
      <Group gap="xs">
        {USES.map((name) => (
          <Button
            key={name}
            size="compact-sm"
            variant={
              name === 'move'
                ? 'filled'
                : name === 'remove' || name === 'keep_only'
                  ? 'light'
                  : 'default'
            }
            color={name === 'remove' || name === 'keep_only' ? 'red' : undefined}
            onClick={() => setUse(name)}
          >
            {t(`sampling.use.${name}`)}
          </Button>
        ))}
      </Group>
      {curve && curve.length > 1 ? (
        <MetricChart
          title={t(
            sample.strategy.kind === 'match_target'
              ? 'sampling.curve.drift'
              : 'sampling.curve.coverage',
          )}
          axis={t('sampling.curve.images')}
          series={[
            {
              name: kind,
              points: curve.map(({ size, value }) => ({ step: size, value, timestamp: 0 })),
            },
          ]}
        />
      ) : null}
      {preview ? (
        <>
          <Section title={t('sampling.result.examples')}>
            <ExampleStrip
              workspaceId={workspaceId}
              title={t('sampling.result.kept')}
              ids={preview.kept_examples}
            />
            <ExampleStrip
              workspaceId={workspaceId}
              title={t('sampling.result.dropped')}
              ids={preview.dropped_examples}
            />
          </Section>
          <Section title={t('sampling.result.shares')} text={t('sampling.result.sharesText')}>
            <KeptTable title={t('sampling.result.perClass')} rows={preview.classes} />
            <KeptTable title={t('sampling.result.perSplit')} rows={preview.splits} />
          </Section>
        </>
      ) : null}
      {use ? (
        <ApplyDialog
          workspaceId={workspaceId}
          sample={sample}
          use={use}
          onClose={() => setUse(null)}
        />
      ) : null}
    </Stack>
  );
}
