// @ts-check
import { Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { encodersQuery, useAnalyzeEmbedding } from '../../api/queries/analysis.js';
import { useLatestJob } from '../../hooks/useLatestJob.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { AnalysisCard } from './AnalysisCard.jsx';

/** @param {{ result: import('../../api/model.d.ts').EmbeddingResult }} props */
export function EmbeddingCard({ result }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const encoders = useQuery(encodersQuery(workspaceId));
  const run = useAnalyzeEmbedding(workspaceId);
  const available = encoders.data ?? [];
  const fallback = available.find((e) => e.default)?.name ?? null;
  const current = available.find((e) => result.encoder?.startsWith(e.name))?.name;
  const chosen = params.get('encoder') ?? current ?? fallback;
  const encoder = available.find((e) => e.name === chosen);
  /** @param {string | null} name */
  const choose = (name) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (name) next.set('encoder', name);
        return next;
      },
      { replace: true },
    );
  return (
    <AnalysisCard
      title={t('analysis.embedding')}
      text={t(
        encoder && !encoder.semantic ? 'analysis.embeddingAppearance' : 'analysis.embeddingText',
      )}
      result={result}
      job={useLatestJob(workspaceId, 'analyze-embedding')}
      onRun={(force) => run.mutate({ encoder: chosen ?? undefined, force })}
      starting={run.isPending}
      error={run.error}
      controls={
        available.length > 1 ? (
          <Select
            size="xs"
            w={260}
            label={t('analysis.encoder')}
            value={chosen}
            onChange={choose}
            allowDeselect={false}
            data={available.map((e) => ({
              value: e.name,
              label: t(`analysis.encoders.${e.name}`, { defaultValue: e.title }),
              disabled: !e.available,
            }))}
          />
        ) : null
      }
    >
      {result.items > 0 ? (
        <Text size="sm" className="dd-num">
          {t('analysis.embeddingFigures', {
            encoder: result.encoder ?? '–',
            dim: result.dim ?? '–',
            exact: formatCount(result.duplicates.exact ?? 0),
            near: formatCount(result.duplicates.near ?? 0),
            outliers: formatCount(result.outliers ?? 0),
          })}
        </Text>
      ) : null}
      {available
        .filter((e) => !e.available)
        .map((e) => (
          <Text key={e.name} size="xs" c="dimmed">
            {t(`analysis.unavailable.${e.name}.${e.code}`, {
              defaultValue: `${e.title}: ${e.detail}`,
            })}
          </Text>
        ))}
    </AnalysisCard>
  );
}
