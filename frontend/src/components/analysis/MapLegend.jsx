// @ts-check
import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';
import { colorOf } from '../../lib/scatter/palette.js';
import classes from './MapView.module.css';

/**
 * Names of the colours. A name shows or hides its points; "select" is the way to a selection without
 * a drag.
 * @param {object} props
 * @param {'cluster' | 'split'} props.by
 * @param {import('../../lib/scatter/mapData.js').Coloring['categories']} props.categories
 * @param {number} props.shift see paletteOf
 * @param {ReadonlySet<number>} props.hidden
 * @param {(hidden: ReadonlySet<number>) => void} props.onHidden
 * @param {(code: number) => void} props.onSelect
 */
export function MapLegend({ by, categories, shift, hidden, onHidden, onSelect }) {
  const { t } = useTranslation();
  /** @param {number} code */
  const toggle = (code) => {
    const next = new Set(hidden);
    if (!next.delete(code)) next.add(code);
    onHidden(next);
  };
  /** @param {number | string} value */
  const nameOf = (value) => {
    if (by === 'split') return String(value);
    return value === -1 ? t('analysis.noCluster') : t('analysis.clusterName', { id: value });
  };
  return (
    <div>
      <Group gap={4} mb={4}>
        <Button size="compact-xs" variant="default" onClick={() => onHidden(new Set())}>
          {t('analysis.showAll')}
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onHidden(new Set(categories.map((c) => c.code)))}
        >
          {t('analysis.hideAll')}
        </Button>
      </Group>
      <ul className={classes.legend} aria-label={t('analysis.legend')}>
        {categories.map(({ code, count, value }) => (
          <li key={code}>
            <button
              type="button"
              className={classes.category}
              aria-pressed={!hidden.has(code)}
              onClick={() => toggle(code)}
            >
              <span className={classes.swatch} style={{ background: colorOf(code + shift) }} />
              <span>
                {nameOf(value)} · {formatCount(count)}
              </span>
            </button>
            <button
              type="button"
              className={classes.pick}
              aria-label={t('analysis.selectNamed', { name: nameOf(value) })}
              onClick={() => onSelect(code)}
            >
              {t('analysis.select')}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
