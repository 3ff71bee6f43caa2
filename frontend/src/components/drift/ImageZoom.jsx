// @ts-check
import { Button, Group, Modal, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { formatNumber, formatP } from '../../lib/format.js';
import { thumbnailAt } from '../../lib/thumbnails.js';
import classes from './ImageZoom.module.css';

/**
 * One image large, with its figures; arrows step.
 * @param {object} props
 * @param {import('../../api/model.d.ts').DriftItem[]} props.items
 * @param {number | null} props.index
 * @param {(index: number | null) => void} props.onChange
 */
export function ImageZoom({ items, index, onChange }) {
  const { t } = useTranslation();
  const item = index === null ? undefined : items[index];
  /** @param {number} by */
  const step = (by) => {
    const next = (index ?? 0) + by;
    if (next >= 0 && next < items.length) onChange(next);
  };
  return (
    <Modal
      opened={item !== undefined}
      onClose={() => onChange(null)}
      size="auto"
      title={item?.file_name}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') step(-1);
        if (event.key === 'ArrowRight') step(1);
      }}
    >
      {item ? (
        <>
          <img
            className={classes.image}
            src={thumbnailAt(item.thumbnail_url, 1024)}
            alt={item.file_name}
          />
          <Group justify="space-between" mt="sm">
            <Text size="sm" className="dd-num">
              {t('drift.imageFigures', {
                score: item.score.toFixed(3),
                p: formatP(item.p_value),
                outlier: formatNumber(item.outlier),
              })}
            </Text>
            <Group gap="xs">
              <Button
                variant="default"
                size="xs"
                disabled={index === 0}
                onClick={() => step(-1)}
                leftSection={<IconChevronLeft size={14} aria-hidden />}
              >
                {t('common.previous')}
              </Button>
              <Button
                variant="default"
                size="xs"
                disabled={index === items.length - 1}
                onClick={() => step(1)}
                rightSection={<IconChevronRight size={14} aria-hidden />}
              >
                {t('common.next')}
              </Button>
            </Group>
          </Group>
        </>
      ) : null}
    </Modal>
  );
}
