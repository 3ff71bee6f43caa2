// @ts-check
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { clusterIdsQuery } from '../../api/queries/drift.js';
import { useReportWorkspaces } from '../../hooks/useReportWorkspaces.js';
import { formatCount, formatNumber, formatP, formatPercent } from '../../lib/format.js';
import { ofIds, setSelection } from '../../lib/selection.js';
import { exampleUrl } from '../../lib/thumbnails.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { Section } from '../common/Section.jsx';
import classes from './NewClusters.module.css';

/** Kinds of images that the base hardly has, with examples. @param {{ report: import('../../api/model.d.ts').DriftReport }} props */
export function NewClusters({ report }) {
  const { t } = useTranslation();
  const workspaceId = useReportWorkspaces(report).target;
  const clusters = report.new_clusters;
  if (clusters.length === 0) return null;
  return (
    <Section title={t('drift.clusters')} text={t('drift.clustersText', { count: clusters.length })}>
      <Stack gap="md">
        {clusters.map((cluster, index) => (
          <article key={cluster.id}>
            <Group gap="sm" mb={6}>
              <Text fw={600} size="sm">
                {t('drift.cluster', { n: index + 1 })}
              </Text>
              <Text size="sm" c="dimmed" className="dd-num">
                {t('drift.clusterFigures', {
                  target: formatCount(cluster.target),
                  targetShare: formatPercent(cluster.target_share),
                  base: formatCount(cluster.base),
                  ratio: formatNumber(cluster.ratio),
                  p: formatP(cluster.p_value),
                })}
              </Text>
              {workspaceId ? (
                <WorkOnCluster
                  reportId={report.report_id}
                  workspaceId={workspaceId}
                  cluster={cluster.id}
                />
              ) : null}
            </Group>
            <ul className={classes.examples}>
              {cluster.examples.map((id) => (
                <li key={id}>
                  <img
                    src={exampleUrl(report.target, id, 192)}
                    alt={t('drift.exampleOf', { n: index + 1 })}
                    loading="lazy"
                    width={96}
                    height={96}
                  />
                </li>
              ))}
            </ul>
          </article>
        ))}
      </Stack>
    </Section>
  );
}

/** More would make an address that nobody can pass on. */
const MAX_IN_ADDRESS = 200;

/**
 * All of a cluster's images selected in the workspace; the grid shows them alone where their ids fit an address.
 * @param {{ reportId: string, workspaceId: string, cluster: number }} props
 */
function WorkOnCluster({ reportId, workspaceId, cluster }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const opening = useMutation({
    mutationFn: () => queries.fetchQuery(clusterIdsQuery(reportId, cluster)),
    onSuccess: (ids) => {
      setSelection(workspaceId, ofIds(ids));
      const shown = ids.length <= MAX_IN_ADDRESS ? `?ids=${ids.join(',')}` : '';
      navigate(`/w/${workspaceId}/data${shown}`);
    },
  });
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        loading={opening.isPending}
        onClick={() => opening.mutate()}
      >
        {t('drift.workOnCluster')}
      </Button>
      {opening.error ? <ProblemAlert error={opening.error} /> : null}
    </>
  );
}
