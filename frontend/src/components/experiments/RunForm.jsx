// @ts-check
import { Button, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../api/problems.js';
import { useStartRun } from '../../api/queries/experiments.js';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { snapshotsQuery } from '../../api/queries/snapshots.js';
import { chosenParams, defaultsOf } from '../../lib/trainerParams.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { ParamField } from './ParamField.jsx';

const MINUTE_S = 60;

/**
 * What to run, on which version, with which parameters.
 * @param {{
 *   workspaceId: string, trainer: import('../../api/queries/types.d.ts').Trainer, unsaved: number,
 *   onStarted: (jobId: string) => void,
 * }} props
 */
export function RunForm({ workspaceId, trainer, unsaved, onStarted }) {
  const { t } = useTranslation();
  const [values, setValues] = useState(() => defaultsOf(trainer.params));
  const [snapshot, setSnapshot] = useState(/** @type {string | null} */ (null));
  const [name, setName] = useState('');
  const [minutes, setMinutes] = useState(/** @type {string | number} */ (''));
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const snapshots = useInfiniteQuery(snapshotsQuery(workspaceId));
  const start = useStartRun(workspaceId);
  const job = useJob(jobId);
  const versions = (snapshots.data?.pages ?? []).flatMap((page) => page.snapshots);
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    start.mutate(
      {
        trainer: trainer.name,
        params: chosenParams(trainer.params, values),
        ...(snapshot ? { snapshot_id: snapshot } : {}),
        ...(name.trim() ? { name: name.trim() } : {}),
        ...(typeof minutes === 'number' ? { limits: { wall_seconds: minutes * MINUTE_S } } : {}),
      },
      {
        onSuccess: ({ job_id: started }) => {
          setJobId(started);
          onStarted(started);
        },
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Select
          size="xs"
          label={t('experiments.form.snapshot')}
          placeholder={t(
            unsaved > 0 ? 'experiments.form.snapshotFirst' : 'experiments.form.current',
          )}
          value={snapshot}
          clearable
          clearButtonProps={{ 'aria-label': t('experiments.form.current') }}
          searchable
          nothingFoundMessage={t('common.nothingFound')}
          data={versions.map((version) => ({
            value: version.snapshot_id,
            label: [version.snapshot_id, version.alias, version.message]
              .filter(Boolean)
              .join(' · ')
              .slice(0, 60),
          }))}
          onChange={setSnapshot}
          error={fieldError(start.error, 'snapshot_id')}
        />
        {trainer.params.map((param) => (
          <ParamField
            key={param.name}
            param={param}
            value={values[param.name]}
            error={fieldError(start.error, param.name)}
            onChange={(value) => setValues((before) => ({ ...before, [param.name]: value }))}
          />
        ))}
        {trainer.params.length === 0 ? (
          <Text size="xs" c="dimmed">
            {t('experiments.form.noParams')}
          </Text>
        ) : null}
        <TextInput
          size="xs"
          label={t('experiments.form.name')}
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          size="xs"
          label={t('experiments.form.minutes')}
          placeholder={t('experiments.form.minutesDefault')}
          min={1}
          value={minutes}
          onChange={setMinutes}
          error={fieldError(start.error, 'wall_seconds')}
        />
        {start.error ? <ProblemAlert error={start.error} /> : null}
        {job && (isActive(job) || job.state === 'failed') ? (
          <JobProgress job={job} label={trainer.title || trainer.name} />
        ) : null}
        <Button
          type="submit"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          loading={start.isPending}
          disabled={trainer.missing.length > 0}
        >
          {t('experiments.form.run')}
        </Button>
      </Stack>
    </form>
  );
}
