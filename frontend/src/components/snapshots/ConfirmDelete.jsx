// @ts-check
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/**
 * A version cannot be taken back once its files are gone, so this asks.
 * @param {{id: string, busy: boolean, onClose: () => void, onConfirm: () => void}} props
 */
export function ConfirmDelete({ id, busy, onClose, onConfirm }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('snapshots.delete.title', { id })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="sm">
        <Text size="sm">{t('snapshots.delete.text')}</Text>
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button color="red" loading={busy} onClick={onConfirm}>
            {t('snapshots.delete.do')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
