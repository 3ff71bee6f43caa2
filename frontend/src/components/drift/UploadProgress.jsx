// @ts-check
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatBytes, formatDuration } from '../../lib/format.js';

/** @param {{ upload: import('../../hooks/useUpload.js').Upload }} props */
export function UploadProgress({ upload }) {
  const { t } = useTranslation();
  const { sent, total, since } = upload.progress;
  const seconds = (Date.now() - since) / 1000;
  const rate = seconds > 0.5 ? sent / seconds : 0;
  const parts = [
    `${formatBytes(sent)} / ${formatBytes(total)}`,
    rate > 0 ? t('jobs.rate', { rate: formatBytes(rate) }) : null,
    rate > 0 ? t('jobs.left', { time: formatDuration((total - sent) / rate) }) : null,
  ];
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {t('drift.uploading', { name: upload.name })}
        </Text>
        <Button size="compact-sm" variant="default" onClick={upload.abort}>
          {t('common.cancel')}
        </Button>
      </Group>
      <Progress value={total ? (sent / total) * 100 : 0} aria-label={upload.name} />
      <Text size="xs" c="dimmed" className="dd-num">
        {parts.filter(Boolean).join(' · ')}
      </Text>
    </Stack>
  );
}
