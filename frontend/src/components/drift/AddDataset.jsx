// @ts-check
import { Anchor, Button, FileButton, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUpload } from '@tabler/icons-react';
import { useCallback, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useJob } from '../../api/queries/jobs.js';
import { useUpload } from '../../hooks/useUpload.js';
import { ARCHIVE_TYPES } from '../../lib/archives.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { RegisterForm } from './RegisterForm.jsx';
import { UploadProgress } from './UploadProgress.jsx';

/**
 * Upload → ingest → dataset, or a folder of the server. A reload during ingest loses nothing: the
 * job's id stands in the address.
 * @param {object} props
 * @param {'base' | 'target'} props.role
 * @param {boolean} props.chosen there is a dataset: another one is the exception
 * @param {File | null} props.file dropped on the card, to be sent at once
 * @param {() => void} props.onFileTaken
 * @param {string | null} props.jobId
 * @param {(id: string | null) => void} props.onJob
 * @param {(datasetId: string) => void} props.onIngested
 */
export function AddDataset({ role, chosen, file, onFileTaken, jobId, onJob, onIngested }) {
  const { t } = useTranslation();
  const [registering, { toggle, close }] = useDisclosure(false);
  const upload = useUpload(onJob);
  const { start } = upload;
  useEffect(() => {
    if (!file) return;
    onFileTaken();
    start(file);
  }, [file, onFileTaken, start]);
  const done = useCallback(
    (/** @type {import('../../api/model.d.ts').Job} */ job) => {
      const made = /** @type {import('../../api/model.d.ts').Dataset | null} */ (job.result);
      if (job.state === 'succeeded' && made) onIngested(made.dataset_id);
    },
    [onIngested],
  );
  const job = useJob(jobId, done);
  if (upload.sending) return <UploadProgress upload={upload} />;
  if (job && job.state !== 'succeeded') {
    return (
      <Stack gap="xs">
        <JobProgress job={job} />
        {job.state === 'failed' || job.state === 'cancelled' ? (
          <Button variant="default" size="xs" onClick={() => onJob(null)}>
            {t('drift.otherFile')}
          </Button>
        ) : null}
      </Stack>
    );
  }
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <FileButton onChange={(picked) => picked && start(picked)} accept={ARCHIVE_TYPES.join(',')}>
          {(props) => (
            <Button
              {...props}
              variant={chosen ? 'default' : 'light'}
              size={chosen ? 'xs' : 'sm'}
              color={role}
              leftSection={<IconUpload size={16} aria-hidden />}
            >
              {t(chosen ? 'drift.uploadOther' : 'drift.upload')}
            </Button>
          )}
        </FileButton>
        {chosen ? null : (
          <Text size="xs" c="dimmed">
            {t('drift.dropHint')}
          </Text>
        )}
      </Group>
      <Anchor
        component="button"
        type="button"
        size="xs"
        ta="start"
        onClick={toggle}
        aria-expanded={registering}
      >
        {t('drift.register')}
      </Anchor>
      {registering ? (
        <RegisterForm
          onJob={(id) => {
            close();
            onJob(id);
          }}
        />
      ) : null}
      {upload.error ? <ProblemAlert error={upload.error} onClose={upload.reset} /> : null}
    </Stack>
  );
}
