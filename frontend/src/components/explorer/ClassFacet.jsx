// @ts-check
import { useTranslation } from 'react-i18next';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { classColors } from '../../lib/classColors.js';
import { countsOf } from '../../lib/facets.js';
import { ValueFacet } from './ValueFacet.jsx';

/** Items that hold any of the chosen classes. @param {import('./FilterSidebar.jsx').FacetProps} props */
export function ClassFacet({ all, shown, filter, onChange }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const counts = countsOf(all.fields.class_name);
  const left = shown && countsOf(shown.fields.class_name);
  const colorOf = classColors(workspace.classes);
  const names = [...new Set([...workspace.classes, ...Object.keys(counts)])];
  const selected = filter.class_names ?? [];
  /** @param {string} name */
  const toggle = (name) => {
    const next = selected.includes(name)
      ? selected.filter((other) => other !== name)
      : [...selected, name];
    const { class_names: _, ...rest } = filter;
    onChange(next.length > 0 ? { ...rest, class_names: next } : rest);
  };
  return (
    <ValueFacet
      title={t('explorer.filter.sections.class')}
      selected={selected}
      onToggle={toggle}
      values={names.map((name) => ({
        key: name,
        label: name,
        all: counts[name] ?? 0,
        shown: left && (left[name] ?? 0),
        color: colorOf(name),
      }))}
    />
  );
}

/** @param {import('./FilterSidebar.jsx').FacetProps} props */
export function SplitFacet({ all, shown, filter, onChange }) {
  const { t } = useTranslation();
  const left = shown && countsOf(shown.fields.split);
  /** @param {string} name */
  const toggle = (name) => {
    const { split, ...rest } = filter;
    onChange(split === name ? rest : { ...rest, split: name });
  };
  return (
    <ValueFacet
      title={t('explorer.filter.sections.split')}
      selected={filter.split ? [filter.split] : []}
      onToggle={toggle}
      values={Object.entries(countsOf(all.fields.split)).map(([name, count]) => ({
        key: name,
        label: name,
        all: count,
        shown: left && (left[name] ?? 0),
      }))}
    />
  );
}
