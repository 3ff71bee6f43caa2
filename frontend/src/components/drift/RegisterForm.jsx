// @ts-check
import { Button, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldError } from '../../api/problems.js';
import { useRegisterDataset } from '../../api/queries/datasets.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/** A folder or archive that lies on the server already. @param {{ onJob: (jobId: string) => void }} props */
export function RegisterForm({ onJob }) {
  const { t } = useTranslation();
  const register = useRegisterDataset();
  const [path, setPath] = useState('');
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return (
    <Stack
      component="form"
      gap="xs"
      onSubmit={(/** @type {import('react').FormEvent} */ event) => {
        event.preventDefault();
        register.mutate({ name, path }, { onSuccess: (job) => onJob(job.job_id) });
      }}
    >
      <TextInput
        size="sm"
        label={t('drift.path')}
        description={t('drift.pathHint')}
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
        error={fieldError(register.error, 'path')}
        spellCheck={false}
        required
      />
      {register.error ? <ProblemAlert error={register.error} /> : null}
      <Button
        type="submit"
        size="xs"
        variant="default"
        w="fit-content"
        disabled={!name}
        loading={register.isPending}
      >
        {t('drift.registerDo')}
      </Button>
    </Stack>
  );
}
