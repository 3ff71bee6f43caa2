// @ts-check
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';
import classes from './ValueFacet.module.css';

/** Longer lists get a search field of their own. */
const SEARCH_FROM = 15;

/**
 * Values with how many items have them: a bar for all, a number for those that the other filters leave.
 * @param {{
 *   title: string, values: readonly {key: string, label: string, all: number, shown?: number, color?: string}[],
 *   selected: readonly string[], onToggle: (key: string) => void,
 * }} props
 */
export function ValueFacet({ title, values, selected, onToggle }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const most = Math.max(1, ...values.map((value) => value.all));
  const wanted = search.trim().toLowerCase();
  const listed = values.filter(({ label }) => label.toLowerCase().includes(wanted));
  return (
    <fieldset className={classes.facet}>
      <legend className="dd-visually-hidden">{title}</legend>
      {values.length >= SEARCH_FROM ? (
        <TextInput
          size="xs"
          mb={4}
          aria-label={t('explorer.filter.searchIn', { name: title })}
          placeholder={t('explorer.filter.searchIn', { name: title })}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      ) : null}
      <div className={classes.list}>
        {listed.map(({ key, label, all, shown, color }) => (
          <button
            key={key}
            type="button"
            className={classes.value}
            aria-pressed={selected.includes(key)}
            onClick={() => onToggle(key)}
          >
            <span className={classes.bar} style={{ width: `${(100 * all) / most}%` }} />
            {color ? <span className={classes.dot} style={{ background: color }} /> : null}
            <span className={classes.label}>{label}</span>
            <span className={classes.count}>
              {shown === undefined || shown === all
                ? formatCount(all)
                : `${formatCount(shown)} / ${formatCount(all)}`}
            </span>
          </button>
        ))}
      </div>
    </fieldset>
  );
}
