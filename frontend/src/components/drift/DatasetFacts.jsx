// @ts-check
import { Badge, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatBytes, formatCount } from '../../lib/format.js';
import { IngestReport } from './IngestReport.jsx';

const SHOWN_CLASSES = 6;

/** What is in a dataset, and what its ingest found. @param {{ dataset: import('../../api/model.d.ts').Dataset }} props */
export function DatasetFacts({ dataset }) {
  const { t } = useTranslation();
  const { items, annotations, bytes, format, classes, splits, report } = dataset;
  const more = classes.length - SHOWN_CLASSES;
  return (
    <Stack gap="xs">
      <Text size="sm" className="dd-num">
        {t('drift.facts', {
          items: formatCount(items),
          annotations: formatCount(annotations),
          size: formatBytes(bytes),
        })}
        {' · '}
        {format.toUpperCase()}
        {' · '}
        {t(`drift.tasks.${dataset.task}`)}
      </Text>
      <Text size="xs" c="dimmed" className="dd-num">
        {Object.entries(splits)
          .map(([split, count]) => `${split} ${formatCount(count)}`)
          .join(' · ')}
      </Text>
      <Group gap={4}>
        {classes.slice(0, SHOWN_CLASSES).map((name) => (
          <Badge key={name} variant="default" tt="none" fw={500}>
            {name}
          </Badge>
        ))}
        {more > 0 ? (
          <Text size="xs" c="dimmed">
            {t('drift.moreClasses', { count: more })}
          </Text>
        ) : null}
      </Group>
      <IngestReport report={report} />
    </Stack>
  );
}
