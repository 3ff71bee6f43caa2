// @ts-check
import { Button, Checkbox, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { IconDownload, IconFileExport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isActive, useJob } from '../../api/queries/jobs.js';
import { downloadUrl, exportFormatsQuery, useExport } from '../../api/queries/sampling.js';
import { useSampleSource } from '../../hooks/useSampleSource.js';
import { useWorkspace } from '../../hooks/useWorkspace.js';
import { formatBytes, formatCount } from '../../lib/format.js';
import { toBody } from '../../lib/selection.js';
import { JobProgress } from '../common/JobProgress.jsx';
import { ProblemAlert } from '../common/ProblemAlert.jsx';
import { QueryState } from '../common/QueryState.jsx';
import { ReportTable } from './ReportTable.jsx';
import { SourcePicker } from './SourcePicker.jsx';

/** @typedef {import('../../api/queries/types.d.ts').ExportFormat} ExportFormat */
/** @typedef {import('../../api/queries/types.d.ts').ExportResult} ExportResult */
/** @typedef {import('../../api/queries/sampling.js').ExportRequest['format']} FormatName */

/**
 * What to export, in which format; then its progress, its report and its download.
 * @param {{workspaceId: string, onClose: () => void}} props
 */
export function ExportDialog({ workspaceId, onClose }) {
  const { t } = useTranslation();
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const job = useJob(jobId);
  const result = job?.state === 'succeeded' ? /** @type {ExportResult} */ (job.result) : null;
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('sampling.export.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="md">
        {job ? null : <ExportForm workspaceId={workspaceId} onStarted={setJobId} />}
        {job && (isActive(job) || job.state === 'failed') ? <JobProgress job={job} /> : null}
        {isActive(job) ? (
          <Text size="xs" c="dimmed">
            {t('sampling.export.mayClose')}
          </Text>
        ) : null}
        {result ? <Finished workspaceId={workspaceId} result={result} /> : null}
        {job && !isActive(job) ? (
          <Button variant="default" ms="auto" onClick={() => setJobId(null)}>
            {t('sampling.export.another')}
          </Button>
        ) : null}
      </Stack>
    </Modal>
  );
}

/** @param {{workspaceId: string, result: ExportResult}} props */
function Finished({ workspaceId, result }) {
  const { t } = useTranslation();
  return (
    <>
      <Group justify="space-between">
        <Text size="sm" role="status">
          {t('sampling.export.done', {
            items: formatCount(result.items),
            files: formatCount(result.files),
            bytes: formatBytes(result.bytes),
          })}
        </Text>
        <Button
          component="a"
          href={downloadUrl(workspaceId, result.export_id)}
          download
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t('sampling.export.download')}
        </Button>
      </Group>
      <ReportTable report={result.report} empty={t('sampling.export.lossless')} />
    </>
  );
}

/** @param {{workspaceId: string, onStarted: (jobId: string) => void}} props */
function ExportForm({ workspaceId, onStarted }) {
  const { t } = useTranslation();
  const { workspace } = useWorkspace();
  const formats = useQuery(exportFormatsQuery(workspaceId));
  const source = useSampleSource(workspaceId);
  const [format, setFormat] = useState(/** @type {string | null} */ (null));
  const [splits, setSplits] = useState(/** @type {string[]} */ (Object.keys(workspace.splits)));
  const [images, setImages] = useState(true);
  const start = useExport(workspaceId);
  const every = splits.length === Object.keys(workspace.splits).length;
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!format) return;
    start.mutate(
      {
        format: /** @type {FormatName} */ (format),
        selection: selectionOf(source),
        splits: every ? null : splits,
        include_images: images,
      },
      { onSuccess: (job) => onStarted(job.job_id) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <QueryState query={formats} height={160}>
          {(list) => (
            <Radio.Group label={t('sampling.export.format')} value={format} onChange={setFormat}>
              <Stack gap={6} mt={6}>
                {list.map((entry) => (
                  <FormatChoice key={entry.format} entry={entry} task={workspace.task} />
                ))}
              </Stack>
            </Radio.Group>
          )}
        </QueryState>
        <SourcePicker
          source={source.source}
          total={workspace.items}
          matching={source.matching}
          selected={source.selected}
          hasFilter={source.hasFilter}
          onChange={source.setSource}
        />
        <Checkbox.Group label={t('sampling.export.splits')} value={splits} onChange={setSplits}>
          <Group gap="md" mt={6}>
            {Object.entries(workspace.splits).map(([name, count]) => (
              <Checkbox
                key={name}
                size="xs"
                value={name}
                label={`${name} (${formatCount(count)})`}
              />
            ))}
          </Group>
        </Checkbox.Group>
        <Checkbox
          size="xs"
          label={t('sampling.export.images')}
          checked={images}
          onChange={(event) => setImages(event.currentTarget.checked)}
        />
        {start.error ? <ProblemAlert error={start.error} /> : null}
        <Button
          type="submit"
          ms="auto"
          loading={start.isPending}
          disabled={!format || splits.length === 0}
          leftSection={<IconFileExport size={16} aria-hidden />}
        >
          {t('sampling.export.do')}
        </Button>
      </Stack>
    </form>
  );
}

/** @param {{entry: ExportFormat, task: string}} props */
function FormatChoice({ entry, task }) {
  const { t } = useTranslation();
  const fits = entry.tasks.includes(task);
  const lost = entry.cannot_hold.join(', ');
  return (
    <Radio
      size="xs"
      value={entry.format}
      disabled={!fits}
      label={entry.title}
      description={
        fits
          ? `${t('sampling.export.holds', { what: entry.holds.join(', ') })}${lost ? ` ${t('sampling.export.cannot', { what: lost })}` : ''}`
          : t('sampling.export.otherTask')
      }
    />
  );
}

/** @param {ReturnType<typeof useSampleSource>} source */
function selectionOf(source) {
  if (source.source === 'selection') return toBody(source.selection);
  return source.source === 'filter' ? { filter: source.filter, except_ids: [] } : null;
}
