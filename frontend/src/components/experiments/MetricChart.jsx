// @ts-check
import { Anchor, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { curvePath, domainOf, nearestPoint, ticksOf } from '../../lib/curves.js';
import { formatNumber } from '../../lib/format.js';
import classes from './MetricChart.module.css';

/** @typedef {import('../../lib/curves.js').MetricPoint} MetricPoint */
/** @typedef {{name: string, points: readonly MetricPoint[]}} Series names are unique within a chart */
const SIZE = { width: 400, height: 150 };
const TABLE_ROWS = 200;

/**
 * One metric over the steps, of one or several runs. Runs differ by colour and by dashes.
 * @param {{title: string, series: readonly Series[], axis?: string}} props `axis` is what the steps count
 */
export function MetricChart({ title, series, axis }) {
  const { t } = useTranslation();
  const steps = axis ?? t('experiments.step');
  const [asTable, { toggle }] = useDisclosure(false);
  const [step, setStep] = useState(/** @type {number | null} */ (null));
  const domain = domainOf(series.map(({ points }) => points));
  if (!domain) return null;
  const [x0, x1] = domain.x;
  const [y0, y1] = domain.y;
  const at = step ?? x1;
  const shown = series.map(({ name, points }) => ({ name, point: nearestPoint(points, at) }));
  const sentence = shown
    .map(({ name, point }) => `${name} ${point ? formatNumber(point.value) : '–'}`)
    .join(', ');
  /** @param {import('react').PointerEvent<SVGSVGElement>} event */
  const onMove = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    setStep(x0 + ((event.clientX - box.left) / box.width) * (x1 - x0));
  };
  return (
    <figure className={classes.chart}>
      <figcaption className={classes.head}>
        <strong>{title}</strong>
        <span className={classes.values}>
          {shown.map(({ name, point }, index) => (
            <span key={name} className={classes.value} data-series={index % 4}>
              {series.length > 1 ? `${name} ` : ''}
              {point ? formatNumber(point.value) : '–'}
            </span>
          ))}
        </span>
        <Anchor component="button" type="button" size="xs" onClick={toggle}>
          {t(asTable ? 'common.chart' : 'common.table')}
        </Anchor>
      </figcaption>
      {asTable ? (
        <PointTable title={title} series={series} axis={steps} />
      ) : (
        <div className={classes.plot}>
          <div className={classes.yAxis} aria-hidden="true">
            {ticksOf(domain.y, 3).map((tick) => (
              <span key={tick} style={{ bottom: `${(100 * (tick - y0)) / (y1 - y0)}%` }}>
                {formatNumber(tick)}
              </span>
            ))}
          </div>
          <svg
            className={classes.svg}
            viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}: ${sentence}`}
            onPointerMove={onMove}
            onPointerLeave={() => setStep(null)}
          >
            <title>{`${title}: ${sentence}`}</title>
            {series.map(({ name, points }, index) => (
              <path
                key={name}
                className={classes.line}
                data-series={index % 4}
                d={curvePath(points, domain, SIZE)}
              />
            ))}
            {step === null || x1 <= x0 ? null : (
              <line
                className={classes.cursor}
                x1={((at - x0) / (x1 - x0)) * SIZE.width}
                x2={((at - x0) / (x1 - x0)) * SIZE.width}
                y1={0}
                y2={SIZE.height}
              />
            )}
          </svg>
          <div className={classes.xAxis} aria-hidden="true">
            <span>{formatNumber(x0)}</span>
            <span>{steps}</span>
            <span>{formatNumber(x1)}</span>
          </div>
        </div>
      )}
    </figure>
  );
}

/** @param {{title: string, series: readonly Series[], axis: string}} props */
function PointTable({ title, series, axis }) {
  const steps = [...new Set(series.flatMap(({ points }) => points.map((point) => point.step)))];
  const thinned = steps.filter((_, index) => index % Math.ceil(steps.length / TABLE_ROWS) === 0);
  const values = series.map(
    ({ points }) => new Map(points.map((point) => [point.step, point.value])),
  );
  return (
    <Table.ScrollContainer minWidth={200} mah={180}>
      <Table fz="xs" aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{axis}</Table.Th>
            {series.map(({ name }) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {thinned.map((step) => (
            <Table.Tr key={step}>
              <Table.Td>{step}</Table.Td>
              {series.map(({ name }, index) => (
                <Table.Td key={name}>{formatNumber(values[index]?.get(step))}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
