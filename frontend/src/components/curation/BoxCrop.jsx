// @ts-check
import { cropAround } from '../../lib/crop.js';
import { itemThumbnail } from '../../lib/thumbnails.js';
import classes from './Curation.module.css';

const WIDTH = 96;
const HEIGHT = 72;
/** A thumbnail's longer side, sharp enough for what is cut out of it. */
const THUMBNAIL = 512;

/**
 * The part of an image around a doubtful box, with the box; the row beside it says what it is.
 * @param {{ workspaceId: string, row: import('../../api/queries/types.d.ts').LabelIssue }} props
 */
export function BoxCrop({ workspaceId, row }) {
  const { width, height } = row.image_size;
  const crop = cropAround(row.box, row.image_size, WIDTH / HEIGHT);
  const scale = Math.min(WIDTH / crop.width, HEIGHT / crop.height);
  const [x1, y1, x2, y2] = row.box ?? [0, 0, 0, 0];
  return (
    <span
      className={classes.crop}
      style={{ width: crop.width * scale, height: crop.height * scale }}
    >
      <img
        src={itemThumbnail(workspaceId, row.item_id, THUMBNAIL)}
        alt=""
        loading="lazy"
        style={{
          width: width * scale,
          height: height * scale,
          left: -crop.x * scale,
          top: -crop.y * scale,
        }}
      />
      {row.box ? (
        <svg viewBox={`${crop.x} ${crop.y} ${crop.width} ${crop.height}`} aria-hidden="true">
          <rect x={x1} y={y1} width={x2 - x1} height={y2 - y1} />
          <rect x={x1} y={y1} width={x2 - x1} height={y2 - y1} />
        </svg>
      ) : null}
    </span>
  );
}
