// @ts-check
import { Kbd, Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** @type {readonly (readonly [string, readonly string[]])[]} */
const KEYS = [
  ['move', ['←', '→', '↑', '↓']],
  ['ends', ['Home', 'End']],
  ['pages', ['PgUp', 'PgDn']],
  ['open', ['Enter']],
  ['toggle', ['Space']],
  ['range', ['Shift', '+', '←→↑↓']],
  ['all', ['Ctrl', '+', 'A']],
  ['clear', ['Esc']],
  ['remove', ['Del']],
  ['undo', ['Ctrl', '+', 'Z']],
  ['goTo', ['G']],
  ['search', ['/']],
  ['help', ['?']],
];

/** @param {{opened: boolean, onClose: () => void}} props */
export function KeySheet({ opened, onClose }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('explorer.keys.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Table verticalSpacing={6} withRowBorders={false}>
        <Table.Tbody>
          {KEYS.map(([name, keys]) => (
            <Table.Tr key={name}>
              <Table.Td>{t(`explorer.keys.${name}`)}</Table.Td>
              <Table.Td ta="end">
                {keys.map((key) => (key === '+' ? ' + ' : <Kbd key={key}>{key}</Kbd>))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
