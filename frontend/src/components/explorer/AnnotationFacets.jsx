// @ts-check
import { SegmentedControl } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { binsOf } from '../../lib/facets.js';
import classes from './FilterSidebar.module.css';
import { RangeFacet } from './RangeFacet.jsx';

/** With or without annotations, and how many. @param {import('./FilterSidebar.jsx').FacetProps} props */
export function AnnotationFacets({ all, shown, filter, onChange }) {
  const { t } = useTranslation();
  const bins = binsOf(all.fields.annotation_count);
  const { has_annotations: has, ...others } = filter;
  const { annotation_count: _, ...withoutCount } = filter;
  return (
    <div className={classes.stack}>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={t('explorer.filter.sections.annotations')}
        value={has === undefined ? 'any' : has ? 'yes' : 'no'}
        onChange={(value) =>
          onChange(value === 'any' ? others : { ...others, has_annotations: value === 'yes' })
        }
        data={['any', 'yes', 'no'].map((value) => ({
          value,
          label: t(`explorer.filter.annotated.${value}`),
        }))}
      />
      {bins ? (
        <RangeFacet
          title={t('explorer.fields.annotation_count')}
          all={bins}
          shown={binsOf(shown?.fields.annotation_count)}
          range={filter.annotation_count}
          whole
          onChange={(range) =>
            onChange(range ? { ...filter, annotation_count: wholeRange(range) } : withoutCount)
          }
        />
      ) : null}
    </div>
  );
}

/** Bins of counts have fractional edges; the counts inside them are whole. @param {import('../../lib/filterParams.js').Range} range */
function wholeRange({ min, max }) {
  return {
    ...(min === undefined ? {} : { min: Math.ceil(min) }),
    ...(max === undefined ? {} : { max: Math.floor(max) }),
  };
}
