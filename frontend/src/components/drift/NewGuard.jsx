// @ts-check
import { Button, Group, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../api/problems.js';
import { datasetsQuery } from '../../api/queries/datasets.js';
import { useCreateGuard } from '../../api/queries/guards.js';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { formatCount } from '../../lib/format.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/** Keeps a dataset as the base that others are checked against. @param {{ onClose: () => void }} props */
export function NewGuard({ onClose }) {
  const { t } = useTranslation();
  const datasets = useQuery(datasetsQuery()).data?.items ?? [];
  const [name, setName] = useState('');
  const [base, setBase] = useState(/** @type {string | null} */ (null));
  const [effect, setEffect] = useState(/** @type {string | number} */ (''));
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const create = useCreateGuard();
  const done = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      if (job.state === 'succeeded') onClose();
    },
    [onClose],
  );
  const job = useJob(jobId, done);
  const ready = name.trim() !== '' && base !== null;
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!base || !ready) return;
    create.mutate(
      {
        name: name.trim(),
        base_dataset_id: base,
        ...(typeof effect === 'number' ? { effect_threshold: effect } : {}),
      },
      { onSuccess: (started) => setJobId(started.job_id) },
    );
  };
  return (
    <form onSubmit={submit} className="dd-panel">
      <Stack gap="sm">
        <Group align="start" gap="sm" grow preventGrowOverflow={false}>
          <TextInput
            label={t('guards.name')}
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldError(create.error, 'name')}
            autoFocus
          />
          <Select
            label={t('guards.base')}
            placeholder={t('drift.pickDataset')}
            data={datasets.map((dataset) => ({
              value: dataset.dataset_id,
              label: `${dataset.name} · ${formatCount(dataset.items)}`,
            }))}
            value={base}
            onChange={setBase}
            searchable
            nothingFoundMessage={t('common.nothingFound')}
          />
          <NumberInput
            label={t('guards.effect')}
            placeholder={t('guards.effectDefault')}
            min={0}
            max={1}
            step={0.05}
            decimalScale={3}
            value={effect}
            onChange={setEffect}
            error={fieldError(create.error, 'effect_threshold')}
          />
        </Group>
        {create.error ? <ProblemAlert error={create.error} /> : null}
        {job ? <JobProgress job={job} /> : null}
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" disabled={!ready || isActive(job)} loading={create.isPending}>
            {t('guards.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
