// @ts-check
import { Autocomplete, Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from '../../lib/format.js';

/**
 * Another class for the selected images: for all their annotations, or for those of one class.
 * @param {{
 *   opened: boolean, count: number, classes: readonly string[], onClose: () => void,
 *   onRelabel: (labels: {new_label: string, from_label?: string}) => void,
 * }} props
 */
export function RelabelDialog({ opened, count, classes, onClose, onRelabel }) {
  const { t } = useTranslation();
  const [label, setLabel] = useState('');
  const [from, setFrom] = useState(/** @type {string | null} */ (null));
  const wanted = label.trim();
  /** @param {import('react').FormEvent} event */
  const submit = (event) => {
    event.preventDefault();
    if (!wanted) return;
    onRelabel({ new_label: wanted, ...(from ? { from_label: from } : {}) });
    setLabel('');
    setFrom(null);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('explorer.relabel.title', { count, n: formatCount(count) })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Select
            label={t('explorer.relabel.from')}
            placeholder={t('explorer.relabel.every')}
            data={[...classes]}
            value={from}
            onChange={setFrom}
            clearable
            searchable
            clearButtonProps={{ 'aria-label': t('explorer.relabel.every') }}
          />
          <Autocomplete
            label={t('explorer.relabel.to')}
            data={[...classes]}
            value={label}
            onChange={setLabel}
            maxLength={200}
            required
            data-autofocus
          />
          {wanted && !classes.includes(wanted) ? (
            <Text size="xs" c="dimmed" role="status">
              {t('explorer.relabel.newClass', { name: wanted })}
            </Text>
          ) : null}
          <Group justify="end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" disabled={!wanted}>
              {t('explorer.selection.relabel')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
