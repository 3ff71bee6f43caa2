// @ts-check
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { duplicatesQuery } from '../../api/queries/quality.js';
import { countsOf } from '../../lib/facets.js';
import { QueryState } from '../common/QueryState.jsx';
import { ValueFacet } from './ValueFacet.jsx';

/** @typedef {import('./FilterSidebar.jsx').FacetProps} FacetProps */

/** @param {FacetProps} props */
export function ClusterFacet({ all, shown, filter, onChange }) {
  const { t } = useTranslation();
  const left = shown && countsOf(shown.fields.cluster);
  const { cluster, ...others } = filter;
  return (
    <ValueFacet
      title={t('explorer.filter.sections.cluster')}
      selected={cluster === undefined ? [] : [String(cluster)]}
      onToggle={(key) =>
        onChange(String(cluster) === key ? others : { ...others, cluster: Number(key) })
      }
      values={Object.entries(countsOf(all.fields.cluster)).map(([key, count]) => ({
        key,
        label: t('explorer.filter.clusterName', { number: key }),
        all: count,
        shown: left && (left[key] ?? 0),
      }))}
    />
  );
}

/** Groups of exact and near duplicates, largest first. @param {FacetProps} props */
export function DuplicatesFacet({ workspaceId, filter, onChange }) {
  const { t } = useTranslation();
  const duplicates = useQuery(duplicatesQuery(workspaceId));
  const { duplicate_group: group, ...others } = filter;
  return (
    <QueryState query={duplicates} height={40}>
      {({ groups }) =>
        groups.length === 0 ? (
          <Text size="xs" c="dimmed">
            {t('explorer.filter.noDuplicates')}
          </Text>
        ) : (
          <ValueFacet
            title={t('explorer.filter.sections.duplicates')}
            selected={group === undefined ? [] : [String(group)]}
            onToggle={(key) =>
              onChange(String(group) === key ? others : { ...others, duplicate_group: Number(key) })
            }
            values={groups.map(({ group: key, exact, items }) => ({
              key: String(key),
              label: t(`explorer.filter.duplicateName.${exact ? 'exact' : 'near'}`, {
                number: key,
              }),
              all: items.length,
            }))}
          />
        )
      }
    </QueryState>
  );
}
