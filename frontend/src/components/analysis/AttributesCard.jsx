// @ts-check
import { useTranslation } from 'react-i18next';
import { useAnalyzeAttributes } from '../../api/queries/analysis.js';
import { useLatestJob } from '../../hooks/useLatestJob.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { AnalysisCard } from './AnalysisCard.jsx';
import { Flags } from './Flags.jsx';

/** @param {{ result: import('../../api/model.d.ts').AttributesResult }} props */
export function AttributesCard({ result }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const run = useAnalyzeAttributes(workspaceId);
  return (
    <AnalysisCard
      title={t('analysis.attributes')}
      text={t('analysis.attributesText')}
      result={result}
      job={useLatestJob(workspaceId, 'analyze-attributes')}
      onRun={(force) => run.mutate({ force })}
      starting={run.isPending}
      error={run.error}
    >
      <Flags result={result} />
    </AnalysisCard>
  );
}
