// @ts-check
import { Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { classCounts } from '../../lib/annotations.js';
import { formatCount, formatNumber } from '../../lib/format.js';
import classes from './AnnotationList.module.css';

/** @typedef {import('../../api/queries/types.d.ts').Annotation} Annotation */
/** More would only be scrolled past; the image shows them all. */
const MAX_ROWS = 200;

/**
 * The annotations in words: the way to them without seeing the image. Classes can be hidden, boxes pointed at.
 * @param {{
 *   annotations: readonly Annotation[] | null, colorOf: (name: string) => string,
 *   hidden: ReadonlySet<string>, active: string | null,
 *   onActive: (key: string | null) => void, onHidden: (hidden: ReadonlySet<string>) => void,
 * }} props
 */
export function AnnotationList({ annotations, colorOf, hidden, active, onActive, onHidden }) {
  const { t } = useTranslation();
  if (annotations === null) return <Note text={t('explorer.detail.notAnnotated')} />;
  if (annotations.length === 0) return <Note text={t('explorer.detail.background')} />;
  /** @param {string} name */
  const toggle = (name) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onHidden(next);
  };
  return (
    <>
      <div className={classes.counts}>
        {classCounts(annotations).map(([name, count]) => (
          <button
            key={name}
            type="button"
            className={classes.count}
            aria-pressed={!hidden.has(name)}
            onClick={() => toggle(name)}
          >
            <span className={classes.dot} style={{ background: colorOf(name) }} />
            {name}
            <span className="dd-num dd-muted">{formatCount(count)}</span>
            {hidden.has(name) ? (
              <IconEyeOff size={14} aria-hidden />
            ) : (
              <IconEye size={14} aria-hidden />
            )}
          </button>
        ))}
      </div>
      <ol className={classes.list}>
        {annotations.slice(0, MAX_ROWS).map((annotation, index) => {
          const key = String(index);
          return (
            <li key={key}>
              <button
                type="button"
                className={classes.row}
                data-active={active === key || undefined}
                onPointerEnter={() => onActive(key)}
                onPointerLeave={() => onActive(null)}
                onFocus={() => onActive(key)}
                onBlur={() => onActive(null)}
                onClick={() => onActive(key)}
              >
                <span
                  className={classes.dot}
                  style={{ background: colorOf(annotation.class_name) }}
                />
                <span className={classes.name}>{annotation.class_name}</span>
                <span className={classes.place}>{placeText(annotation, t)}</span>
              </button>
            </li>
          );
        })}
      </ol>
      {annotations.length > MAX_ROWS ? (
        <Note
          text={t('explorer.detail.moreAnnotations', { count: annotations.length - MAX_ROWS })}
        />
      ) : null}
    </>
  );
}

/** @param {Annotation} annotation @param {import('i18next').TFunction} t */
function placeText({ kind, box, extra }, t) {
  const marks = ['difficult', 'truncated', 'occluded', 'iscrowd'].filter((mark) =>
    Boolean(extra[mark]),
  );
  const size = box
    ? `${formatNumber(box.width)} × ${formatNumber(box.height)}`
    : t(`explorer.detail.kinds.${kind}`);
  const shape = kind === 'polygon' || kind === 'mask' ? t(`explorer.detail.kinds.${kind}`) : '';
  return [shape, size, ...marks.map((mark) => t(`explorer.detail.marks.${mark}`))]
    .filter(Boolean)
    .join(' · ');
}

/** @param {{text: string}} props */
const Note = ({ text }) => (
  <Text size="xs" c="dimmed" py={4}>
    {text}
  </Text>
);
