// @ts-check
import { Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { fieldError } from '../../api/problems.js';
import { datasetsQuery } from '../../api/queries/datasets.js';
import { useJob } from '../../api/queries/jobs.js';
import { useCreateWorkspace } from '../../api/queries/workspaces.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/** A workspace from any dataset, without a drift report. */
export function NewWorkspace() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened(true)}>
        {t('workspaces.new')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('workspaces.new')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <NewWorkspaceForm onDone={() => setOpened(false)} />
      </Modal>
    </>
  );
}

/** @param {{ onDone: () => void }} props */
function NewWorkspaceForm({ onDone }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const datasets = useQuery(datasetsQuery());
  const create = useCreateWorkspace();
  const [datasetId, setDatasetId] = useState(/** @type {string | null} */ (null));
  const [name, setName] = useState('');
  const job = useJob(create.data?.job_id, (done) => {
    if (done.state !== 'succeeded' || !create.data) return;
    const made = /** @type {import('../../api/model.d.ts').Workspace} */ (done.result);
    onDone();
    navigate(`/w/${made.workspace_id}/data`);
  });
  const chosen = datasets.data?.items.find((d) => d.dataset_id === datasetId);
  return (
    <Stack
      component="form"
      gap="md"
      onSubmit={(/** @type {import('react').FormEvent} */ event) => {
        event.preventDefault();
        if (datasetId) create.mutate({ dataset_id: datasetId, name: name.trim() || chosen?.name });
      }}
    >
      <Select
        label={t('workspaces.dataset')}
        placeholder={t('workspaces.pickDataset')}
        data={(datasets.data?.items ?? []).map((d) => ({ value: d.dataset_id, label: d.name }))}
        value={datasetId}
        onChange={setDatasetId}
        error={fieldError(create.error, 'dataset_id')}
        nothingFoundMessage={t('common.nothingFound')}
        searchable
        required
      />
      <TextInput
        label={t('workspaces.name')}
        placeholder={chosen?.name}
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
        error={fieldError(create.error, 'name')}
      />
      {create.error ? <ProblemAlert error={create.error} /> : null}
      {job ? <JobProgress job={job} /> : null}
      <Button
        type="submit"
        disabled={!datasetId}
        loading={create.isPending || job?.state === 'running'}
      >
        {t('workspaces.create')}
      </Button>
    </Stack>
  );
}
