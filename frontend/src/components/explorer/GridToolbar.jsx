// @ts-check
import { ActionIcon, Button, Group, Select, Slider, Tooltip } from '@mantine/core';
import {
  IconAdjustmentsHorizontal,
  IconKeyboard,
  IconSortAscending,
  IconSortDescending,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFieldName } from '../../hooks/useFieldName.js';
import { COLOR_FIELDS } from '../../lib/colorBy.js';
import { attributeFields, sortFields } from '../../lib/facets.js';
import classes from './GridToolbar.module.css';

export const CELL_MIN = 72;
export const CELL_MAX = 320;

/**
 * How the images are shown: order, colour, size. What is shown is decided by the sidebar.
 * @param {object} props
 * @param {import('../../lib/facets.js').Histograms | undefined} props.all
 * @param {string} props.sort a field, `-` before it for descending
 * @param {string} props.color
 * @param {number} props.cell
 * @param {boolean} props.sidebar
 * @param {(sort: string) => void} props.onSort
 * @param {(color: string) => void} props.onColor
 * @param {(cell: number) => void} props.onCell
 * @param {() => void} props.onSidebar
 * @param {() => void} props.onKeys
 * @param {import('react').ReactNode} [props.children]
 */
export function GridToolbar({
  all,
  sort,
  color,
  cell,
  sidebar,
  onSort,
  onColor,
  onCell,
  onSidebar,
  onKeys,
  children,
}) {
  const { t } = useTranslation();
  const nameOf = useFieldName();
  const descending = sort.startsWith('-');
  const field = sort.replace(/^-/, '');
  const option = (/** @type {string} */ value) => ({ value, label: nameOf(value) });
  const direction = t(descending ? 'explorer.toolbar.descending' : 'explorer.toolbar.ascending');
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t('explorer.toolbar.label')}>
      <Button
        size="compact-sm"
        variant={sidebar ? 'light' : 'default'}
        leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
        aria-pressed={sidebar}
        onClick={onSidebar}
      >
        {t('explorer.filter.title')}
      </Button>
      <Group gap={2} wrap="nowrap">
        <Select
          size="xs"
          w={150}
          aria-label={t('explorer.toolbar.sort')}
          value={field || 'name'}
          data={sortFields(all).map(option)}
          allowDeselect={false}
          onChange={(next) => onSort(sortText(next ?? 'name', descending))}
        />
        <Tooltip label={direction}>
          <ActionIcon
            size={30}
            aria-label={direction}
            onClick={() => onSort(sortText(field || 'name', !descending))}
          >
            {descending ? (
              <IconSortDescending size={18} aria-hidden />
            ) : (
              <IconSortAscending size={18} aria-hidden />
            )}
          </ActionIcon>
        </Tooltip>
      </Group>
      <Select
        size="xs"
        w={140}
        aria-label={t('explorer.toolbar.color')}
        placeholder={t('explorer.toolbar.color')}
        value={color || null}
        data={[...COLOR_FIELDS, ...attributeFields(all)].map(option)}
        clearable
        clearButtonProps={{ 'aria-label': t('explorer.toolbar.noColor') }}
        onChange={(next) => onColor(next ?? '')}
      />
      <Slider
        w={90}
        size="sm"
        min={CELL_MIN}
        max={CELL_MAX}
        step={8}
        value={cell}
        label={null}
        onChange={onCell}
        thumbLabel={t('explorer.toolbar.size')}
      />
      <div className={classes.rest}>{children}</div>
      <Tooltip label={t('explorer.keys.title')}>
        <ActionIcon size={30} aria-label={t('explorer.keys.title')} onClick={onKeys}>
          <IconKeyboard size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

/** The service's own order, by name, needs no parameter. @param {string} field @param {boolean} descending */
function sortText(field, descending) {
  if (field === 'name' && !descending) return '';
  return descending ? `-${field}` : field;
}
