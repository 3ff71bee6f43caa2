// @ts-check
import { useTranslation } from 'react-i18next';
import { thumbnailAt } from '../../lib/thumbnails.js';
import classes from './ImageGrid.module.css';

/** @typedef {import('../../api/model.d.ts').DriftItem} DriftItem */

/** @param {{ items: DriftItem[], onOpen: (index: number) => void }} props */
export function ImageGrid({ items, onOpen }) {
  const { t } = useTranslation();
  return (
    <ul className={classes.grid}>
      {items.map((item, index) => (
        <li key={item.item_id}>
          <button
            type="button"
            className={classes.tile}
            onClick={() => onOpen(index)}
            aria-label={t('drift.imageLabel', {
              name: item.file_name,
              score: item.score.toFixed(2),
            })}
          >
            <img
              src={thumbnailAt(item.thumbnail_url, 256)}
              alt=""
              loading="lazy"
              decoding="async"
              width={256}
              height={256}
            />
            <span className={classes.score}>{item.score.toFixed(2)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
