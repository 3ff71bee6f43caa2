// @ts-check
import { Anchor, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { formatNumber, formatPercent } from '../../lib/format.js';
import { stepArea } from '../../lib/stepPath.js';
import { Band, BinPicker } from './BinPicker.jsx';
import classes from './OverlaidHistogram.module.css';
import { SideLegend } from './SideLegend.jsx';

/** @typedef {import('../../api/model.d.ts').Histogram} Histogram */

const WIDTH = 400;
const HEIGHT = 100;

/**
 * Both sides over the same bins, as shares of their own side, so that sides of unequal size compare.
 * @param {object} props
 * @param {Histogram} props.base
 * @param {Histogram} props.target
 * @param {string} props.label what it shows, in a sentence
 * @param {boolean} [props.small] only the shapes, for a table cell
 * @param {Picking} [props.picking] makes it a picker of a range
 * @typedef {{ name: string, range: Range | undefined, onRange: (range: Range | undefined) => void }} Picking
 * @typedef {import('./BinPicker.jsx').Range} Range
 */
export function OverlaidHistogram({ base, target, label, small = false, picking }) {
  const { t } = useTranslation();
  const [asTable, { toggle }] = useDisclosure(false);
  const sides = [shares(base.counts), shares(target.counts)];
  const top = Math.max(...sides.flat(), Number.MIN_VALUE);
  const { edges } = base;
  /** @param {Range} [range] */
  const plot = (range) => (
    <svg
      className={small ? classes.small : classes.large}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <Band edges={edges} range={range} width={WIDTH} height={HEIGHT} />
      {sides.map((values, i) => (
        <path
          key={i === 0 ? 'base' : 'target'}
          className={i === 0 ? classes.base : classes.target}
          d={stepArea(values, top, WIDTH, HEIGHT)}
        />
      ))}
    </svg>
  );
  if (small) return plot();
  /** @param {number} bin */
  const describe = (bin) =>
    t('common.bin', {
      from: formatNumber(edges[bin]),
      to: formatNumber(edges[bin + 1]),
      base: formatPercent(sides[0]?.[bin] ?? 0),
      target: formatPercent(sides[1]?.[bin] ?? 0),
    });
  const chart = picking ? (
    <BinPicker {...picking} edges={edges} describeBin={describe}>
      {plot}
    </BinPicker>
  ) : (
    plot()
  );
  return (
    <Stack gap={4}>
      {asTable ? <Bins edges={base.edges} sides={sides} caption={label} /> : chart}
      {asTable ? null : <Axis edges={base.edges} />}
      <div className={classes.foot}>
        <SideLegend />
        <Anchor component="button" type="button" size="xs" onClick={toggle}>
          {t(asTable ? 'common.chart' : 'common.table')}
        </Anchor>
      </div>
    </Stack>
  );
}

/** @param {number[]} counts */
function shares(counts) {
  const total = counts.reduce((sum, n) => sum + n, 0);
  return counts.map((n) => (total > 0 ? n / total : 0));
}

/** @param {{ edges: number[] }} props */
function Axis({ edges }) {
  const middle = ((edges.at(0) ?? 0) + (edges.at(-1) ?? 0)) / 2;
  return (
    <div className={classes.axis} aria-hidden="true">
      <span>{formatNumber(edges.at(0))}</span>
      <span>{formatNumber(middle)}</span>
      <span>{formatNumber(edges.at(-1))}</span>
    </div>
  );
}

/** @param {{ edges: number[], sides: number[][], caption: string }} props */
function Bins({ edges, sides, caption }) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.bins} tabIndex={0} aria-label={caption}>
      <table>
        <caption className="dd-visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('common.range')}</th>
            <th scope="col">{t('roles.base')}</th>
            <th scope="col">{t('roles.target')}</th>
          </tr>
        </thead>
        <tbody>
          {edges.slice(0, -1).map((from, i) => (
            <tr key={from}>
              <th scope="row">
                <Text span size="xs">
                  {formatNumber(from)} – {formatNumber(edges[i + 1])}
                </Text>
              </th>
              <td>{formatPercent(sides[0]?.[i] ?? 0)}</td>
              <td>{formatPercent(sides[1]?.[i] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
