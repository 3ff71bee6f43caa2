// @ts-check
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { mapQuery } from '../../api/queries/analysis.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { Section } from '../common/Section.jsx';
import { MapView } from './MapView.jsx';

/** All images as points: what lies near looks alike. @param {{ encoder?: string }} props */
export function EmbeddingMap({ encoder }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const map = useQuery(mapQuery(workspaceId, encoder));
  return (
    <Section
      title={t('analysis.map')}
      text={
        map.data
          ? t('analysis.mapText', {
              n: formatCount(map.data.n),
              projection: map.data.projection.toUpperCase(),
            })
          : undefined
      }
    >
      <QueryState query={map} height={480}>
        {(data) =>
          data.n === 0 ? (
            <EmptyState order={3} title={t('analysis.noPoints')} />
          ) : (
            <MapView map={data} />
          )
        }
      </QueryState>
    </Section>
  );
}
