// @ts-check
import { Group, Stack, Title } from '@mantine/core';
import { IconFlask } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { runsQuery, trainersQuery } from '../../api/queries/experiments.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { changeCount } from '../../lib/changes.js';
import { EmptyState } from '../common/EmptyState.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { CompareRuns } from '../experiments/CompareRuns.jsx';
import { RunDetails } from '../experiments/RunDetails.jsx';
import { RunForm } from '../experiments/RunForm.jsx';
import { RunTable } from '../experiments/RunTable.jsx';
import { TemplateMenu } from '../experiments/TemplateMenu.jsx';
import { TrainerPicker } from '../experiments/TrainerPicker.jsx';
import { UploadTrainer } from '../experiments/UploadTrainer.jsx';
import classes from './ExperimentPanel.module.css';

/** Train on a version, follow the run, compare it with others. */
export function ExperimentPanel() {
  const { t } = useTranslation();
  const { workspaceId, status } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const [picked, setPicked] = useState(/** @type {string[]} */ ([]));
  const [started, setStarted] = useState(/** @type {string | null} */ (null));
  const runs = useQuery(runsQuery(workspaceId, started !== null));
  const trainers = useQuery(trainersQuery(workspaceId));
  const compared = (params.get('compare') ?? '').split(',').filter(Boolean);
  const trainer =
    trainers.data?.find(({ name }) => name === params.get('trainer')) ?? trainers.data?.[0];
  /** @param {Record<string, string | null>} values */
  const set = (values) =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      for (const [key, value] of Object.entries(values)) {
        if (value) after.set(key, value);
        else after.delete(key);
      }
      return after;
    });
  // A run gets its id when its job has prepared it; then it opens by itself.
  const startedRun = runs.data?.experiments.find((run) => run.job_id === started)?.experiment_id;
  useEffect(() => {
    if (!startedRun) return;
    setStarted(null);
    setParams((before) => {
      const after = new URLSearchParams(before);
      after.set('run', startedRun);
      after.delete('compare');
      return after;
    });
  }, [startedRun, setParams]);
  return (
    <div className={classes.panel}>
      <div className={classes.side}>
        <Title order={2} size="h4">
          {t('experiments.trainers')}
        </Title>
        <Group gap="xs">
          <UploadTrainer workspaceId={workspaceId} onUploaded={(name) => set({ trainer: name })} />
          <TemplateMenu workspaceId={workspaceId} onInstalled={(name) => set({ trainer: name })} />
        </Group>
        <TrainerPicker
          workspaceId={workspaceId}
          selected={trainer?.name ?? ''}
          onSelect={(name) => set({ trainer: name })}
        />
        {trainer ? (
          <RunForm
            key={`${trainer.name} ${trainer.code_hash}`}
            workspaceId={workspaceId}
            trainer={trainer}
            unsaved={changeCount(status)}
            onStarted={setStarted}
          />
        ) : null}
      </div>
      <div className={classes.main}>
        {compared.length >= 2 ? (
          <CompareRuns
            workspaceId={workspaceId}
            runIds={compared}
            onBack={() => set({ compare: null })}
          />
        ) : (
          <QueryState query={runs} height={320}>
            {({ experiments }) =>
              experiments.length === 0 ? (
                <EmptyState
                  icon={IconFlask}
                  title={t('experiments.empty')}
                  text={t('experiments.emptyText')}
                />
              ) : (
                <Stack gap="md">
                  <RunTable
                    runs={experiments}
                    selected={params.get('run') ?? ''}
                    compared={picked}
                    onSelect={(id) => set({ run: id })}
                    onCompared={setPicked}
                    onCompare={() => set({ compare: oldestFirst(experiments, picked).join(',') })}
                  />
                  {params.get('run') ? (
                    <RunDetails
                      key={params.get('run')}
                      workspaceId={workspaceId}
                      runId={params.get('run') ?? ''}
                    />
                  ) : null}
                </Stack>
              )
            }
          </QueryState>
        )}
      </div>
    </div>
  );
}

/**
 * The older run comes first, so that a difference reads as what became of it.
 * @param {readonly import('../../api/queries/types.d.ts').Run[]} runs newest first
 * @param {readonly string[]} picked
 */
function oldestFirst(runs, picked) {
  const order = runs.map((run) => run.experiment_id);
  return [...picked].sort((a, b) => order.indexOf(b) - order.indexOf(a));
}
