// @ts-check
import { ActionIcon, Group, Skeleton, Text, Tooltip } from '@mantine/core';
import { IconZoomIn, IconZoomOut, IconZoomReset } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useElementSize } from '../../hooks/useElementSize.js';
import { BoxOverlay } from './BoxOverlay.jsx';
import classes from './ImageStage.module.css';

const ZOOM_MAX = 16;
const ZOOM_STEP = 1.5;

/**
 * @typedef {object} StageProps
 * @property {string} src
 * @property {string} alt
 * @property {number} width of the image
 * @property {number} height of the image
 * @property {readonly import('./BoxOverlay.jsx').DrawnShape[]} shapes
 * @property {boolean} [labels]
 * @property {(key: string | null) => void} [onPick]
 */

/**
 * An image with what is drawn over it, fitted into the room there is and zoomed on demand. Boxes are in pixels of the
 * image as stored, so a turn in its EXIF data is not applied.
 * @param {StageProps} props
 */
export function ImageStage(props) {
  // Another image starts fitted, and loading.
  return <Stage key={props.src} {...props} />;
}

/** @param {StageProps} props */
function Stage({ src, alt, width, height, shapes, labels, onPick }) {
  const { t } = useTranslation();
  const stage = useElementSize();
  const [zoom, setZoom] = useState(1);
  const [state, setState] = useState(/** @type {'loading' | 'shown' | 'failed'} */ ('loading'));
  const fit = Math.min(stage.width / Math.max(1, width), stage.height / Math.max(1, height));
  const scale = (fit > 0 ? fit : 1) * zoom;
  /** @param {number} factor */
  const zoomBy = (factor) => setZoom((now) => Math.min(ZOOM_MAX, Math.max(1, now * factor)));
  return (
    <div className={classes.frame}>
      <div ref={stage.ref} className={classes.stage} data-zoomed={zoom > 1 || undefined}>
        <div className={classes.image} style={{ width: width * scale, height: height * scale }}>
          {state === 'failed' ? (
            <Text size="sm" className={classes.failed} role="alert">
              {t('explorer.detail.imageFailed')}
            </Text>
          ) : (
            <img
              src={src}
              alt={alt}
              draggable={false}
              onLoad={() => setState('shown')}
              onError={() => setState('failed')}
            />
          )}
          {state === 'loading' ? <Skeleton className={classes.loading} /> : null}
          <BoxOverlay
            width={width}
            height={height}
            shapes={shapes}
            pixel={1 / scale}
            labels={labels}
            onPick={onPick}
          />
        </div>
      </div>
      <Group gap={2} className={classes.tools}>
        <Tool
          label={t('explorer.detail.zoomOut')}
          onClick={() => zoomBy(1 / ZOOM_STEP)}
          disabled={zoom <= 1}
        >
          <IconZoomOut size={16} aria-hidden />
        </Tool>
        <Tool label={t('explorer.detail.zoomFit')} onClick={() => setZoom(1)} disabled={zoom === 1}>
          <IconZoomReset size={16} aria-hidden />
        </Tool>
        <Tool
          label={t('explorer.detail.zoomIn')}
          onClick={() => zoomBy(ZOOM_STEP)}
          disabled={zoom >= ZOOM_MAX}
        >
          <IconZoomIn size={16} aria-hidden />
        </Tool>
      </Group>
    </div>
  );
}

/** @param {{label: string, disabled: boolean, onClick: () => void, children: import('react').ReactNode}} props */
function Tool({ label, disabled, onClick, children }) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size={28}
        aria-label={label}
        disabled={disabled}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
