// @ts-check
import { Button, Group, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { filterFromParams, paramsWithFilter, withAttribute } from '../../lib/filterParams.js';
import { formatNumber } from '../../lib/format.js';
import { Section } from '../common/Section.jsx';
import classes from './Analysis.module.css';
import { FilterHistogram } from './FilterHistogram.jsx';

/** Every attribute's distribution; a click or a drag on one narrows the filter of the workspace. @param {{ result: import('../../api/model.d.ts').AttributesResult }} props */
export function AttributeHistograms({ result }) {
  const { t } = useTranslation();
  const { workspaceId } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const filter = filterFromParams(params);
  const known = Object.entries(result.summary).filter(([, s]) => s.histogram.counts.length > 0);
  const shown = known.filter(([, s]) => s.max > s.min);
  const constant = known.filter(([, s]) => s.max === s.min);
  /** @param {string} name @param {{ min?: number, max?: number } | undefined} range */
  const change = (name, range) =>
    setParams(
      (before) => paramsWithFilter(before, withAttribute(filterFromParams(before), name, range)),
      { replace: true },
    );
  const count = filter.attribute?.length ?? 0;
  return (
    <Section
      title={t('analysis.distributions')}
      text={t('analysis.distributionsText')}
      right={
        count > 0 ? (
          <Group gap="xs">
            <Button
              size="xs"
              component={Link}
              to={{
                pathname: `/w/${workspaceId}/data`,
                search: paramsWithFilter(new URLSearchParams(), filter).toString(),
              }}
              rightSection={<IconArrowRight size={14} aria-hidden />}
            >
              {t('analysis.showInData', { count })}
            </Button>
            <Button
              size="xs"
              variant="default"
              onClick={() =>
                setParams((before) => paramsWithFilter(before, { ...filter, attribute: undefined }))
              }
            >
              {t('analysis.clearRanges')}
            </Button>
          </Group>
        ) : null
      }
    >
      <div className={classes.grid}>
        {shown.map(([name, summary]) => (
          <FilterHistogram
            key={name}
            name={t(`attributes.${name}`, { defaultValue: name })}
            summary={summary}
            range={filter.attribute?.find((a) => a.name === name)}
            onRange={(range) => change(name, range)}
          />
        ))}
      </div>
      {constant.length > 0 ? (
        <Text size="sm" c="dimmed" className="dd-num">
          {t('analysis.constant')}{' '}
          {constant
            .map(
              ([name, s]) =>
                `${t(`attributes.${name}`, { defaultValue: name })} ${formatNumber(s.min)}`,
            )
            .join(' · ')}
        </Text>
      ) : null}
    </Section>
  );
}
