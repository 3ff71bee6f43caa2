// @ts-check
import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { analysisQuery } from '../../api/queries/analysis.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import classes from '../analysis/Analysis.module.css';
import { AttributeHistograms } from '../analysis/AttributeHistograms.jsx';
import { AttributesCard } from '../analysis/AttributesCard.jsx';
import { Clusters } from '../analysis/Clusters.jsx';
import { EmbeddingCard } from '../analysis/EmbeddingCard.jsx';
import { EmbeddingMap } from '../analysis/EmbeddingMap.jsx';
import { QueryState } from '../common/QueryState.jsx';

/** What the images are like: run the analyses, read them, and pick images by them. */
export function AnalysisPanel() {
  const { workspaceId } = useWorkspace();
  const [params] = useSearchParams();
  const encoder = params.get('encoder') ?? undefined;
  const results = useQuery(analysisQuery(workspaceId, encoder));
  return (
    <Stack className="dd-page" gap="lg">
      <QueryState query={results} height={400}>
        {({ attributes, embedding }) => (
          <>
            <div className={classes.cards}>
              <AttributesCard result={attributes} />
              <EmbeddingCard result={embedding} />
            </div>
            {attributes.items > 0 ? <AttributeHistograms result={attributes} /> : null}
            {embedding.items > 0 ? <EmbeddingMap encoder={encoder} /> : null}
            {embedding.clusters.length > 0 ? <Clusters result={embedding} /> : null}
          </>
        )}
      </QueryState>
    </Stack>
  );
}
