// @ts-check
import { Badge, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { diffImage } from '../../lib/diffImage.js';
import { shapesOfDiff } from '../../lib/diffShapes.js';
import { BoxOverlay } from '../explorer/BoxOverlay.jsx';
import classes from './DiffView.module.css';

/** @typedef {import('../../api/queries/types.d.ts').DiffItem} DiffItem */
const THUMB_PX = 256;
const THUMB_HEIGHT = 150;
const THUMB_WIDTH = 180;

/**
 * One image that differs, with its boxes before and after.
 * @param {{workspaceId: string, target: string, item: DiffItem, colorOf: (name: string) => string, onOpen: () => void}} props
 */
export function DiffCard({ workspaceId, target, item, colorOf, onOpen }) {
  const { t } = useTranslation();
  const place = item.new ?? item.old;
  const splits =
    item.old && item.new && item.old.split !== item.new.split
      ? `${item.old.split} → ${item.new.split}`
      : (place?.split ?? '');
  return (
    <button type="button" className={classes.card} onClick={onOpen}>
      <DiffThumb workspaceId={workspaceId} target={target} item={item} colorOf={colorOf} />
      <Text size="xs" truncate title={item.file_name}>
        {item.file_name}
      </Text>
      <Group gap={4}>
        {item.changes.map((change) => (
          <Badge key={change} size="xs" variant="default">
            {t(`snapshots.change.${change}`)}
          </Badge>
        ))}
        <Text size="xs" c="dimmed" span>
          {splits}
        </Text>
      </Group>
    </button>
  );
}

/** @param {{workspaceId: string, target: string, item: DiffItem, colorOf: (name: string) => string}} props */
function DiffThumb({ workspaceId, target, item, colorOf }) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState(false);
  const place = item.new ?? item.old;
  const picture = diffImage(workspaceId, item, target, THUMB_PX);
  if (!place || !picture) {
    return <span className={classes.thumb}>{t('snapshots.diff.noImage')}</span>;
  }
  const scale = Math.min(THUMB_WIDTH / place.width, THUMB_HEIGHT / place.height);
  return (
    <span className={classes.thumb}>
      <span
        className={classes.picture}
        style={{ width: place.width * scale, height: place.height * scale }}
      >
        {failed ? (
          <span className="dd-visually-hidden">{t('snapshots.diff.noImage')}</span>
        ) : (
          <img
            src={picture}
            alt=""
            loading="lazy"
            decoding="async"
            onError={() => setFailed(true)}
          />
        )}
        <BoxOverlay
          width={place.width}
          height={place.height}
          shapes={shapesOfDiff(item, colorOf)}
          labels={false}
        />
      </span>
    </span>
  );
}
