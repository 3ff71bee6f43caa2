// @ts-check
import { Accordion, Button, Group, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { histogramsQuery, viewQuery } from '../../api/queries/items.js';
import { attributeFields, scoredReports } from '../../lib/facets.js';
import { conditionCount } from '../../lib/filterParams.js';
import { QueryState } from '../common/QueryState.jsx';
import { AnnotationFacets } from './AnnotationFacets.jsx';
import { AttributeFacets } from './AttributeFacets.jsx';
import { ClassFacet, SplitFacet } from './ClassFacet.jsx';
import { DriftFacet } from './DriftFacet.jsx';
import classes from './FilterSidebar.module.css';
import { ClusterFacet, DuplicatesFacet } from './GroupFacets.jsx';

/** @typedef {import('../../lib/filterParams.js').ItemFilter} ItemFilter */
/** @typedef {import('../../api/queries/types.d.ts').Histograms} Histograms */
/**
 * What every facet gets: the distribution over all items, over those that the filters leave, and the filter.
 * @typedef {object} FacetProps
 * @property {string} workspaceId
 * @property {Histograms} all
 * @property {Histograms | undefined} shown
 * @property {ItemFilter} filter
 * @property {(next: ItemFilter) => void} onChange
 */

const SEARCH_DELAY_MS = 250;
const EVERYTHING = Object.freeze({});

/**
 * Everything that a list can be filtered by; each condition is in the address.
 * @param {{
 *   workspaceId: string, viewId: string, filter: ItemFilter, onChange: (next: ItemFilter) => void,
 *   searchRef: import('react').RefObject<HTMLInputElement | null>,
 * }} props
 */
export function FilterSidebar({ workspaceId, viewId, filter, onChange, searchRef }) {
  const { t } = useTranslation();
  const whole = useQuery(viewQuery(workspaceId, EVERYTHING));
  const all = useQuery(histogramsQuery(workspaceId, whole.data?.view_id ?? ''));
  const shown = useQuery(histogramsQuery(workspaceId, viewId));
  const conditions = conditionCount(filter);
  return (
    <aside className={classes.sidebar} aria-label={t('explorer.filter.title')}>
      <Group justify="space-between" className={classes.head}>
        <h2 className={classes.title}>{t('explorer.filter.title')}</h2>
        {conditions > 0 ? (
          <Button size="compact-xs" variant="subtle" onClick={() => onChange({})}>
            {t('explorer.filter.clear', { count: conditions })}
          </Button>
        ) : null}
      </Group>
      <NameSearch filter={filter} onChange={onChange} inputRef={searchRef} />
      <QueryState query={all} height={320}>
        {(data) => (
          <Facets
            workspaceId={workspaceId}
            all={data}
            shown={shown.data}
            filter={filter}
            onChange={onChange}
          />
        )}
      </QueryState>
    </aside>
  );
}

/** @param {FacetProps} props */
function Facets(props) {
  const { t } = useTranslation();
  const sections = [
    { key: 'split', Facet: SplitFacet },
    { key: 'class', Facet: ClassFacet },
    { key: 'annotations', Facet: AnnotationFacets },
    ...(scoredReports(props.all).length > 0 ? [{ key: 'drift', Facet: DriftFacet }] : []),
    ...(attributeFields(props.all).length > 0
      ? [{ key: 'attributes', Facet: AttributeFacets }]
      : []),
    ...(props.all.fields.cluster ? [{ key: 'cluster', Facet: ClusterFacet }] : []),
    { key: 'duplicates', Facet: DuplicatesFacet },
  ];
  return (
    <Accordion
      multiple
      defaultValue={sections.map(({ key }) => key).filter((key) => key !== 'duplicates')}
      classNames={{
        content: classes.content,
        label: classes.label,
        item: classes.item,
        control: classes.control,
      }}
      variant="default"
      order={3}
    >
      {sections.map(({ key, Facet }) => (
        <Accordion.Item key={key} value={key}>
          <Accordion.Control>{t(`explorer.filter.sections.${key}`)}</Accordion.Control>
          <Accordion.Panel>
            <Facet {...props} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

/**
 * @param {{
 *   filter: ItemFilter, onChange: (next: ItemFilter) => void,
 *   inputRef: import('react').RefObject<HTMLInputElement | null>,
 * }} props
 */
function NameSearch({ filter, onChange, inputRef }) {
  const { t } = useTranslation();
  const applied = filter.text ?? '';
  const [text, setText] = useState(applied);
  const typed = useRef(applied);
  const apply = useDebouncedCallback((/** @type {string} */ next) => {
    typed.current = next.trim();
    const { text: _, ...rest } = filter;
    onChange(typed.current ? { ...rest, text: typed.current } : rest);
  }, SEARCH_DELAY_MS);
  // A filter that was changed elsewhere (a chip, the back button) shows here; one's own typing is left alone.
  useEffect(() => {
    if (applied === typed.current) return;
    typed.current = applied;
    setText(applied);
  }, [applied]);
  return (
    <TextInput
      ref={inputRef}
      size="xs"
      type="search"
      aria-label={t('explorer.filter.name')}
      placeholder={t('explorer.filter.name')}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value);
      }}
    />
  );
}
