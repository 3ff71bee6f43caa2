// @ts-check
import { ActionIcon, Button, Group, ScrollArea, Switch, Text, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconChevronLeft, IconChevronRight, IconDownload, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { apiUrl } from '../../api/client.js';
import { itemQuery } from '../../api/queries/items.js';
import { shapeOf } from '../../lib/annotations.js';
import { classColors } from '../../lib/classColors.js';
import { formatCount } from '../../lib/format.js';
import { QueryState } from '../common/QueryState.jsx';
import { AnnotationList } from './AnnotationList.jsx';
import { ImageStage } from './ImageStage.jsx';
import classes from './ItemDetail.module.css';
import { ItemFacts } from './ItemFacts.jsx';

/**
 * One image with its annotations and attributes, beside the grid; previous and next follow the grid's order.
 * @param {object} props
 * @param {string} props.workspaceId
 * @param {string} props.itemId
 * @param {number} props.index position in the grid, -1 when it is not known
 * @param {number} props.total
 * @param {readonly string[]} props.classes of the workspace
 * @param {(index: number) => void} props.onGo
 * @param {() => void} props.onClose
 * @param {(itemId: string) => void} props.onRelabel
 * @param {(itemId: string) => void} props.onSimilar
 */
export function ItemDetail(props) {
  const { workspaceId, itemId, index, total, onGo, onClose } = props;
  const { t } = useTranslation();
  const query = useQuery(itemQuery(workspaceId, itemId));
  const known = index >= 0;
  const go = (/** @type {number} */ next) => known && next >= 0 && next < total && onGo(next);
  useHotkeys([['Escape', onClose]]);
  return (
    <section className={classes.panel} aria-label={t('explorer.detail.label')}>
      <Group gap={4} wrap="nowrap" className={classes.head}>
        <Step
          label={t('explorer.detail.previous')}
          disabled={index <= 0}
          onClick={() => go(index - 1)}
        >
          <IconChevronLeft size={18} aria-hidden />
        </Step>
        <Step
          label={t('explorer.detail.next')}
          disabled={!known || index >= total - 1}
          onClick={() => go(index + 1)}
        >
          <IconChevronRight size={18} aria-hidden />
        </Step>
        <Text size="sm" fw={650} truncate flex={1} title={query.data?.file_name}>
          {query.data?.file_name ?? ''}
        </Text>
        {known ? (
          <Text size="xs" c="dimmed" className="dd-num">
            {formatCount(index + 1)} / {formatCount(total)}
          </Text>
        ) : null}
        <Step label={t('common.close')} disabled={false} onClick={onClose}>
          <IconX size={18} aria-hidden />
        </Step>
      </Group>
      <QueryState query={query} height={400}>
        {(item) => <Detail key={item.item_id} item={item} {...props} />}
      </QueryState>
    </section>
  );
}

/** @param {{item: import('../../api/queries/types.d.ts').ItemDetail} & Parameters<typeof ItemDetail>[0]} props */
function Detail({ item, classes: classNames, onRelabel, onSimilar }) {
  const { t } = useTranslation();
  const [active, setActive] = useState(/** @type {string | null} */ (null));
  const [hidden, setHidden] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const [labels, setLabels] = useState(item.annotation_count <= 40);
  const colorOf = classColors(classNames);
  const annotations = item.annotations ?? [];
  const shapes = annotations.flatMap((annotation, index) => {
    const shape = hidden.has(annotation.class_name) ? null : shapeOf(annotation);
    const key = String(index);
    return shape
      ? [{ key, shape, color: colorOf(annotation.class_name), active: active === key }]
      : [];
  });
  // The picked shape is drawn last, over its neighbours.
  shapes.sort((a, b) => Number(a.active) - Number(b.active));
  return (
    <>
      <ImageStage
        src={apiUrl(item.image_url)}
        alt={item.file_name}
        width={item.width}
        height={item.height}
        shapes={shapes}
        labels={labels}
        onPick={setActive}
      />
      <Group gap="xs" justify="space-between">
        <Switch
          size="xs"
          checked={labels}
          onChange={(event) => setLabels(event.currentTarget.checked)}
          label={t('explorer.detail.labels')}
        />
        <Group gap={6}>
          <Button size="compact-xs" variant="default" onClick={() => onRelabel(item.item_id)}>
            {t('explorer.selection.relabel')}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => onSimilar(item.item_id)}>
            {t('explorer.detail.similar')}
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            component="a"
            href={apiUrl(item.image_url)}
            download={item.file_name.split('/').at(-1)}
            leftSection={<IconDownload size={14} aria-hidden />}
          >
            {t('explorer.detail.original')}
          </Button>
        </Group>
      </Group>
      <ScrollArea
        className={classes.scroll}
        type="auto"
        offsetScrollbars
        viewportProps={{ tabIndex: 0 }}
      >
        <AnnotationList
          annotations={item.annotations}
          colorOf={colorOf}
          hidden={hidden}
          active={active}
          onActive={setActive}
          onHidden={setHidden}
        />
        <ItemFacts item={item} />
      </ScrollArea>
    </>
  );
}

/** @param {{label: string, disabled: boolean, onClick: () => void, children: import('react').ReactNode}} props */
function Step({ label, disabled, onClick, children }) {
  return (
    <Tooltip label={label}>
      <ActionIcon size={30} aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
