// @ts-check
import {
  Button,
  FileInput,
  List,
  Modal,
  Progress,
  Stack,
  Text,
  TextInput,
  ThemeIcon,
} from '@mantine/core';
import { IconCheck, IconUpload, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUploadTrainer } from '../../api/queries/experiments.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/**
 * Takes a trainer (`train.py` or a zip), and shows what was checked of it; nothing is run.
 * @param {{workspaceId: string, onUploaded: (name: string) => void}} props
 */
export function UploadTrainer({ workspaceId, onUploaded }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconUpload size={16} aria-hidden />}
        onClick={() => setOpened(true)}
      >
        {t('experiments.upload.open')}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={t('experiments.upload.title')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <UploadForm
          workspaceId={workspaceId}
          onUploaded={onUploaded}
          onClose={() => setOpened(false)}
        />
      </Modal>
    </>
  );
}

/** @param {{workspaceId: string, onUploaded: (name: string) => void, onClose: () => void}} props */
function UploadForm({ workspaceId, onUploaded, onClose }) {
  const { t } = useTranslation();
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [name, setName] = useState('');
  const [sent, setSent] = useState(0);
  const upload = useUploadTrainer(workspaceId);
  const wrongName = name !== '' && !NAME.test(name);
  /** @param {File | null} picked */
  const pick = (picked) => {
    setFile(picked);
    upload.reset();
    if (picked && name === '') setName(nameOf(picked));
  };
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!file || !NAME.test(name)) return;
    setSent(0);
    upload.mutate(
      { file, trainer: name, onProgress: (done, total) => setSent(total > 0 ? done / total : 0) },
      { onSuccess: ({ trainer }) => onUploaded(trainer) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t('experiments.upload.text')}
        </Text>
        <FileInput
          label={t('experiments.upload.file')}
          placeholder="train.py / trainer.zip"
          accept=".py,.zip"
          value={file}
          onChange={pick}
          required
        />
        <TextInput
          label={t('experiments.upload.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrongName ? t('experiments.upload.nameWrong') : null}
          required
        />
        {upload.isPending ? (
          <Progress value={sent * 100} aria-label={t('experiments.upload.title')} />
        ) : null}
        {upload.error ? <ProblemAlert error={upload.error} /> : null}
        {upload.data ? <Checks checks={upload.data.checks} /> : null}
        {upload.data ? (
          <Button onClick={onClose}>{t('common.close')}</Button>
        ) : (
          <Button type="submit" loading={upload.isPending} disabled={!file || !NAME.test(name)}>
            {t('experiments.upload.do')}
          </Button>
        )}
      </Stack>
    </form>
  );
}

/** @param {{checks: import('../../api/queries/types.d.ts').UploadedTrainer['checks']}} props */
function Checks({ checks }) {
  const { t } = useTranslation();
  return (
    <List spacing={4} size="sm" listStyleType="none" role="status">
      {checks.map(({ name, ok, detail }) => (
        <List.Item
          key={name}
          icon={
            <ThemeIcon size={20} radius="xl" color={ok ? 'green' : 'red'}>
              {ok ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
            </ThemeIcon>
          }
        >
          <span className="dd-visually-hidden">
            {t(ok ? 'experiments.upload.ok' : 'experiments.upload.notOk')}{' '}
          </span>
          {t(`experiments.checks.${name}`, { defaultValue: name })}
          <Text span c="dimmed" size="xs">
            {' '}
            {detail}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}

/** The file's name as an id: letters, digits, dot, dash, underscore. @param {File} file */
function nameOf(file) {
  const stem = file.name.replace(/\.(py|zip)$/i, '');
  const plain = stem
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return plain === 'train' ? 'trainer' : plain;
}
