// @ts-check
import { CloseButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFieldName } from '../../hooks/useFieldName.js';
import { scoreField } from '../../lib/facets.js';
import { withAttribute } from '../../lib/filterParams.js';
import { formatNumber } from '../../lib/format.js';
import classes from './FilterChips.module.css';

/** @typedef {import('../../lib/filterParams.js').ItemFilter} ItemFilter */
/** @typedef {{key: string, label: string, without: ItemFilter}} Condition */

/**
 * Every condition of the filter in words, each with its own way out.
 * @param {{filter: ItemFilter, onChange: (next: ItemFilter) => void}} props
 */
export function FilterChips({ filter, onChange }) {
  const { t } = useTranslation();
  const nameOf = useFieldName();
  const conditions = conditionsOf(filter, t, nameOf);
  if (conditions.length === 0) return null;
  return (
    <ul className={classes.chips} aria-label={t('explorer.filter.active')}>
      {conditions.map(({ key, label, without }) => (
        <li key={key} className={classes.chip}>
          {label}
          <CloseButton
            size={24}
            iconSize={14}
            aria-label={t('explorer.filter.clearOne', { name: label })}
            onClick={() => onChange(without)}
          />
        </li>
      ))}
    </ul>
  );
}

/**
 * @param {ItemFilter} filter
 * @param {import('i18next').TFunction} t
 * @param {(field: string) => string} nameOf
 * @returns {Condition[]}
 */
export function conditionsOf(filter, t, nameOf) {
  /** @type {Condition[]} */
  const found = [];
  const { split, class_names: names, text, has_annotations: has, ...more } = filter;
  const {
    annotation_count: count,
    attribute,
    drift_score: score,
    cluster,
    duplicate_group: dup,
    ids,
  } = more;
  /** @param {keyof ItemFilter} field @param {string} label */
  const add = (field, label) => {
    const { [field]: _, ...without } = filter;
    found.push({ key: field, label, without });
  };
  if (split) add('split', t('explorer.filter.chip.split', { value: split }));
  for (const name of names ?? []) {
    const left = names?.filter((other) => other !== name) ?? [];
    const { class_names: _, ...rest } = filter;
    const without = left.length > 0 ? { ...rest, class_names: left } : rest;
    found.push({
      key: `class:${name}`,
      label: t('explorer.filter.chip.class', { value: name }),
      without,
    });
  }
  if (text) add('text', t('explorer.filter.chip.text', { value: text }));
  if (has !== undefined)
    add('has_annotations', t(`explorer.filter.chip.annotated.${has ? 'yes' : 'no'}`));
  if (count) add('annotation_count', `${nameOf('annotation_count')} ${rangeText(count)}`);
  for (const range of attribute ?? []) {
    found.push({
      key: `attr:${range.name}`,
      label: `${nameOf(range.name)} ${rangeText(range)}`,
      without: withAttribute(filter, range.name, undefined),
    });
  }
  if (score) add('drift_score', `${nameOf(scoreField(score.report_id))} ${rangeText(score)}`);
  if (cluster !== undefined) add('cluster', t('explorer.filter.clusterName', { number: cluster }));
  if (dup !== undefined)
    add('duplicate_group', t('explorer.filter.chip.duplicates', { value: dup }));
  if (ids) add('ids', t('explorer.filter.chip.ids', { count: ids.length }));
  return found;
}

/** @param {import('../../lib/filterParams.js').Range} range */
function rangeText({ min, max }) {
  if (min === undefined) return `≤ ${formatNumber(max)}`;
  return max === undefined
    ? `≥ ${formatNumber(min)}`
    : `${formatNumber(min)} – ${formatNumber(max)}`;
}
