// @ts-check
import { useQuery } from '@tanstack/react-query';
import { analysisQuery } from '../api/queries/analysis.js';
import { driftReportsQuery } from '../api/queries/drift.js';
import { histogramsQuery, statsQuery, viewQuery } from '../api/queries/items.js';
import { attributeFields, scoredReports } from '../lib/facets.js';

const EVERYTHING = Object.freeze({});

/**
 * What a workspace has to sample by: labels, vectors, attributes, drift reports and their scores.
 * @param {string} workspaceId
 */
export function useMeans(workspaceId) {
  const whole = useQuery(viewQuery(workspaceId, EVERYTHING));
  const all = useQuery(histogramsQuery(workspaceId, whole.data?.view_id ?? '')).data;
  const analysis = useQuery(analysisQuery(workspaceId)).data;
  const reports = useQuery(driftReportsQuery()).data?.items ?? [];
  const stats = useQuery(statsQuery(workspaceId)).data;
  const attributes = attributeFields(all);
  const scored = scoredReports(all);
  /** @type {import('../lib/strategies.js').Means} */
  const means = {
    labels: (stats?.annotations ?? 0) > 0,
    vectors: (analysis?.embedding.items ?? 0) > 0,
    attributes: attributes.length > 0,
    reports: reports.length > 0,
    scores: scored.length > 0,
  };
  return { means, attributes, scored, reports, total: whole.data?.total ?? 0 };
}
