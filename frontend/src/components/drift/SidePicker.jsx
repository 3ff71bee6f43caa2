// @ts-check
import { Group, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { datasetsQuery } from '../../api/queries/datasets.js';
import { archiveIn } from '../../lib/archives.js';
import { formatCount } from '../../lib/format.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { AddDataset } from './AddDataset.jsx';
import { DatasetFacts } from './DatasetFacts.jsx';
import classes from './SidePicker.module.css';

/**
 * One side of the comparison: a dataset that is there, or a new one dropped on the card.
 * @param {object} props
 * @param {'base' | 'target'} props.role
 * @param {string | null} props.datasetId
 * @param {(id: string | null) => void} props.onPick
 * @param {string | null} props.jobId the ingest that is going to give the dataset
 * @param {(id: string | null) => void} props.onJob
 * @param {(datasetId: string) => void} props.onIngested
 */
export function SidePicker({ role, datasetId, onPick, jobId, onJob, onIngested }) {
  const { t } = useTranslation();
  const datasets = useQuery(datasetsQuery());
  const [over, setOver] = useState(false);
  const [dropped, setDropped] = useState(/** @type {File | null} */ (null));
  const chosen = datasets.data?.items.find((d) => d.dataset_id === datasetId);
  return (
    <section
      className={classes.side}
      data-role={role}
      data-over={over || undefined}
      aria-labelledby={`${role}-title`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        setDropped(archiveIn(event.dataTransfer.files));
      }}
    >
      <Stack gap="sm">
        <Group gap="xs" align="baseline">
          <Title order={2} size="h3" id={`${role}-title`} className={classes.role}>
            {t(`roles.${role}`)}
          </Title>
          <Text size="sm" c="dimmed">
            {t(`drift.sides.${role}`)}
          </Text>
        </Group>
        <Select
          aria-label={t('drift.pick', { side: t(`roles.${role}`) })}
          placeholder={t('drift.pickDataset')}
          data={(datasets.data?.items ?? []).map((d) => ({
            value: d.dataset_id,
            label: `${d.name} · ${formatCount(d.items)}`,
          }))}
          value={chosen ? datasetId : null}
          onChange={onPick}
          nothingFoundMessage={t('common.nothingFound')}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': t('drift.clear') }}
        />
        {datasets.error ? (
          <ProblemAlert error={datasets.error} onRetry={() => datasets.refetch()} />
        ) : null}
        {chosen && !jobId ? <DatasetFacts dataset={chosen} /> : null}
        <AddDataset
          role={role}
          chosen={chosen !== undefined}
          file={dropped}
          onFileTaken={() => setDropped(null)}
          jobId={jobId}
          onJob={onJob}
          onIngested={onIngested}
        />
      </Stack>
    </section>
  );
}
