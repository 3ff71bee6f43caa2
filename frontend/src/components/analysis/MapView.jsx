// @ts-check
import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatCount } from '../../lib/format.js';
import { colorBy, idsOf, maskOf } from '../../lib/scatter/mapData.js';
import { paletteOf } from '../../lib/scatter/palette.js';
import { countOf, NOTHING, useSelection } from '../../lib/selection.js';
import { MapCanvas } from './MapCanvas.jsx';
import { MapLegend } from './MapLegend.jsx';
import classes from './MapView.module.css';

/** @typedef {import('../../lib/scatter/mapData.js').MapData} MapData */
/** @type {('cluster' | 'split')[]} */
const COLORINGS = ['cluster', 'split'];

/** The scatter with its tools: what it selects is the workspace's one selection. @param {{ map: MapData }} props */
export function MapView({ map }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const navigate = useNavigate();
  const [params, setParams] = useSearchParams();
  const by = params.get('color') === 'split' ? 'split' : 'cluster';
  const [tool, setTool] = useState(/** @type {'pan' | 'lasso'} */ ('lasso'));
  const [hidden, setHidden] = useState(/** @type {ReadonlySet<number>} */ (new Set()));
  const [selection, setSelection] = useSelection(workspaceId);
  const coloring = useMemo(() => colorBy(map, by), [map, by]);
  const shift = by === 'split' ? 1 : 0;
  const palette = useMemo(
    () =>
      paletteOf(
        coloring.categories.map((c) => c.code),
        hidden,
        shift,
      ),
    [coloring, hidden, shift],
  );
  const hiddenCodes = useMemo(() => [...hidden], [hidden]);
  const selected = useMemo(() => {
    if (selection.kind !== 'ids') return { mask: null, count: 0 };
    const { mask, count } = maskOf(map, selection.ids);
    return { mask: count > 0 ? mask : null, count };
  }, [map, selection]);

  /** @param {string} value */
  const changeColor = (value) => {
    setHidden(new Set());
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.set('color', value);
        return next;
      },
      { replace: true },
    );
  };
  /** @param {Uint8Array} mask @param {number} count */
  const onLasso = (mask, count) =>
    setSelection(count > 0 ? { kind: 'ids', ids: idsOf(map, mask, count) } : NOTHING);
  /** @param {number} code */
  const selectCategory = (code) => {
    const mask = new Uint8Array(map.n);
    let found = 0;
    for (let i = 0; i < map.n; i++) {
      if (coloring.codes[i] !== code) continue;
      mask[i] = 1;
      found++;
    }
    onLasso(mask, found);
  };
  const count = countOf(selection);
  return (
    <div className={classes.view}>
      <Group gap="md" className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label={t('analysis.tool')}
          value={tool}
          onChange={(value) => setTool(value === 'pan' ? 'pan' : 'lasso')}
          data={[
            { value: 'lasso', label: t('analysis.lasso') },
            { value: 'pan', label: t('analysis.pan') },
          ]}
        />
        <Group gap={6}>
          <Text size="xs" c="dimmed" id="map-color">
            {t('analysis.colorBy')}
          </Text>
          <SegmentedControl
            size="xs"
            aria-labelledby="map-color"
            value={by}
            onChange={changeColor}
            data={COLORINGS.map((value) => ({ value, label: t(`analysis.colors.${value}`) }))}
          />
        </Group>
        <Group gap="xs" ml="auto">
          <Text size="sm" fw={600} aria-live="polite" className="dd-num">
            {t('analysis.selected', { count, n: formatCount(count) })}
          </Text>
          <Button
            size="xs"
            disabled={count === 0}
            onClick={() => navigate(`/w/${workspaceId}/sampling`)}
          >
            {t('analysis.toSampling')}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={count === 0}
            onClick={() => navigate(`/w/${workspaceId}/data`)}
          >
            {t('analysis.toData')}
          </Button>
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            disabled={count === 0}
            onClick={() => setSelection(NOTHING)}
          >
            {t('analysis.clearSelection')}
          </Button>
        </Group>
      </Group>
      <MapCanvas
        map={map}
        codes={coloring.codes}
        palette={palette}
        hidden={hiddenCodes}
        mask={selected.mask}
        tool={tool}
        onLasso={onLasso}
        label={t('analysis.mapLabel', {
          n: formatCount(map.n),
          groups: coloring.categories.length,
          count: selected.count,
          selected: formatCount(selected.count),
        })}
      />
      <MapLegend
        by={by}
        categories={coloring.categories}
        shift={shift}
        hidden={hidden}
        onHidden={setHidden}
        onSelect={selectCategory}
      />
    </div>
  );
}
