// @ts-check
import { Radio, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';

/**
 * Where the sample is drawn from.
 * @param {{
 *   source: import('../../hooks/useSampleSource.js').Source, total: number, matching: number, selected: number,
 *   hasFilter: boolean, onChange: (source: import('../../hooks/useSampleSource.js').Source) => void,
 * }} props
 */
export function SourcePicker({ source, total, matching, selected, hasFilter, onChange }) {
  const { t } = useTranslation();
  return (
    <Radio.Group
      label={t('sampling.source.title')}
      value={source}
      onChange={(value) => onChange(/** @type {'all' | 'filter' | 'selection'} */ (value))}
    >
      <Stack gap={6} mt={6}>
        <Radio size="xs" value="all" label={t('sampling.source.all', { n: formatCount(total) })} />
        <Radio
          size="xs"
          value="filter"
          disabled={!hasFilter}
          label={
            hasFilter
              ? t('sampling.source.filter', { n: formatCount(matching) })
              : t('sampling.source.noFilter')
          }
        />
        <Radio
          size="xs"
          value="selection"
          disabled={selected === 0}
          label={
            selected > 0
              ? t('sampling.source.selection', { n: formatCount(selected) })
              : t('sampling.source.noSelection')
          }
        />
      </Stack>
    </Radio.Group>
  );
}
