// @ts-check
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { thumbnailAt } from '../../lib/thumbnails.js';
import { Section } from '../common/Section.jsx';
import classes from './Clusters.module.css';

const PAGE = 12;
const EXAMPLES = 5;

/** Groups of images that look alike, largest first. @param {{ result: import('../../api/model.d.ts').EmbeddingResult }} props */
export function Clusters({ result }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const [shown, setShown] = useState(PAGE);
  const clusters = [...result.clusters].sort((a, b) => b.size - a.size);
  return (
    <Section
      title={t('analysis.clusters')}
      text={t('analysis.clustersText', { count: clusters.length })}
    >
      <ul className={classes.clusters}>
        {clusters.slice(0, shown).map((cluster) => (
          <li key={cluster.id}>
            <Link className={classes.cluster} to={`/w/${workspaceId}/data?cluster=${cluster.id}`}>
              <span className={classes.examples}>
                {cluster.examples.slice(0, EXAMPLES).map((id) => (
                  <img
                    key={id}
                    src={thumbnailAt(`/workspace/${workspaceId}/data/item/${id}/preview`, 128)}
                    alt=""
                    loading="lazy"
                    width={64}
                    height={64}
                  />
                ))}
              </span>
              <span className={classes.name}>
                {t('analysis.clusterName', { id: cluster.id })} · {formatCount(cluster.size)}
              </span>
              <span className={classes.labels}>{labelsOf(cluster)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {shown < clusters.length ? (
        <Button size="xs" variant="default" mx="auto" onClick={() => setShown((n) => n + PAGE)}>
          {t('common.more')}
        </Button>
      ) : null}
    </Section>
  );
}

/** Its most frequent classes. @param {import('../../api/model.d.ts').Cluster} cluster */
const labelsOf = (cluster) =>
  Object.entries(cluster.label_counts)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, count]) => `${name} ${formatCount(count)}`)
    .join(' · ');
