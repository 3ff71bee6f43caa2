// @ts-check
import { CloseButton, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount, formatNumber } from '../../lib/format.js';
import { stepArea } from '../../lib/stepPath.js';
import { Band, BinPicker } from '../common/BinPicker.jsx';
import classes from './FilterHistogram.module.css';

const WIDTH = 240;
const HEIGHT = 64;

/**
 * A histogram that is a filter.
 * @param {object} props
 * @param {string} props.name
 * @param {import('../../api/model.d.ts').AttributeSummary} props.summary
 * @param {import('../common/BinPicker.jsx').Range | undefined} props.range
 * @param {(range: import('../common/BinPicker.jsx').Range | undefined) => void} props.onRange
 */
export function FilterHistogram({ name, summary, range, onRange }) {
  const { t } = useTranslation();
  const { edges, counts } = summary.histogram;
  return (
    <div>
      <Group justify="space-between" gap="xs" mih={26} wrap="nowrap">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        {range ? (
          <CloseButton
            size="sm"
            aria-label={t('analysis.clearRange', { name })}
            onClick={() => onRange(undefined)}
          />
        ) : (
          <Text size="xs" c="dimmed" className="dd-num">
            {t('analysis.median', { value: formatNumber(summary.p50) })}
          </Text>
        )}
      </Group>
      <BinPicker
        name={name}
        edges={edges}
        range={range}
        onRange={onRange}
        describeBin={(bin) =>
          t('analysis.bin', {
            from: formatNumber(edges[bin]),
            to: formatNumber(edges[bin + 1]),
            count: counts[bin] ?? 0,
            n: formatCount(counts[bin] ?? 0),
          })
        }
      >
        {(shown) => (
          <>
            <svg
              className={classes.svg}
              viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              aria-hidden="true"
            >
              <Band edges={edges} range={shown} width={WIDTH} height={HEIGHT} />
              <path
                className={classes.area}
                d={stepArea(counts, Math.max(...counts, 1), WIDTH, HEIGHT)}
              />
            </svg>
            <Group justify="space-between" gap="xs">
              <Text size="xs" c="dimmed" className="dd-num">
                {formatNumber(edges[0])}
              </Text>
              {shown ? (
                <Text size="xs" fw={600} className="dd-num" aria-live="polite">
                  {formatNumber(shown.min)} – {formatNumber(shown.max)}
                </Text>
              ) : null}
              <Text size="xs" c="dimmed" className="dd-num">
                {formatNumber(edges.at(-1))}
              </Text>
            </Group>
          </>
        )}
      </BinPicker>
    </div>
  );
}
