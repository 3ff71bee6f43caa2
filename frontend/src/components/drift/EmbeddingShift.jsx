// @ts-check
import { useTranslation } from 'react-i18next';
import { formatNumber, formatP } from '../../lib/format.js';
import { Figures } from '../common/Figures.jsx';
import { Section } from '../common/Section.jsx';

/** How well the sides can be told apart by what they show. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function EmbeddingShift({ report }) {
  const { t } = useTranslation();
  const { embedding, base, target } = report;
  if (!embedding || embedding.auc === undefined) return null;
  const [low, high] = embedding.auc_ci ?? [Number.NaN, Number.NaN];
  return (
    <Section
      title={t('drift.embedding')}
      text={t('drift.embeddingText', { share: Math.round(embedding.auc * 100) })}
    >
      <Figures
        rows={[
          [t('drift.encoder'), embedding.encoder],
          [t('drift.auc'), `${embedding.auc.toFixed(3)} (${low.toFixed(2)}–${high.toFixed(2)})`],
          [t('drift.mmd'), formatNumber(embedding.mmd)],
          [t('drift.pValue'), formatP(embedding.p_value)],
          [t('drift.frechet'), formatNumber(embedding.frechet)],
          [
            t('drift.sizes'),
            t('drift.sizesText', { base: base.items ?? '–', target: target.items ?? '–' }),
          ],
        ]}
      />
    </Section>
  );
}
