// @ts-check
import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useReportWorkspaces } from '../../hooks/useReportWorkspaces.js';
import { formatCount, formatNumber, formatP, formatPercent } from '../../lib/format.js';
import { exampleUrl } from '../../lib/thumbnails.js';
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
                <Anchor
                  component={Link}
                  size="sm"
                  to={`/w/${workspaceId}/data?${new URLSearchParams({ ids: cluster.examples.join(',') })}`}
                >
                  {t('drift.workOnExamples')}
                </Anchor>
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
