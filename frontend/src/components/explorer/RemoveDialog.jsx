// @ts-check
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { usePreviewEdit } from '../../api/queries/items.js';
import { formatCount } from '../../lib/format.js';
import { toBody } from '../../lib/selection.js';
import { ProblemAlert } from '../common/ProblemAlert.jsx';

/**
 * Asks before a large removal, with the number that the service counts, not the one on the screen.
 * @param {{
 *   workspaceId: string, dataVersion: string, selection: import('../../lib/selection.js').Selection,
 *   onClose: () => void, onRemove: () => void,
 * }} props
 */
export function RemoveDialog({ workspaceId, dataVersion, selection, onClose, onRemove }) {
  const { t } = useTranslation();
  const { mutate, data, error } = usePreviewEdit(workspaceId);
  useEffect(() => {
    mutate({ step: { kind: 'remove' }, selection: toBody(selection), dataVersion });
  }, [mutate, selection, dataVersion]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('explorer.remove.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="sm">
        {error ? <ProblemAlert error={error} /> : null}
        <Text size="sm" role="status">
          {data
            ? t('explorer.remove.text', { count: data.changed, n: formatCount(data.changed) })
            : t('common.loading')}
        </Text>
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button color="red" disabled={!data} onClick={onRemove} data-autofocus>
            {t('explorer.selection.remove')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
