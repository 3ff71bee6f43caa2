// @ts-check
import { Modal, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { diffImage } from '../../lib/diffImage.js';
import { boxChanges, shapesOfDiff } from '../../lib/diffShapes.js';
import { ImageStage } from '../explorer/ImageStage.jsx';
import classes from './DiffZoom.module.css';

const ZOOM_PX = 1024;

/**
 * One image of a diff, large, with every change of its annotations in words beside it.
 * @param {{
 *   workspaceId: string, target: string, item: import('../../api/queries/types.d.ts').DiffItem,
 *   colorOf: (name: string) => string, onClose: () => void,
 * }} props
 */
export function DiffZoom({ workspaceId, target, item, colorOf, onClose }) {
  const { t } = useTranslation();
  const place = item.new ?? item.old;
  const picture = diffImage(workspaceId, item, target, ZOOM_PX);
  const changes = boxChanges(item.annotations);
  return (
    <Modal
      opened
      onClose={onClose}
      size="min(72rem, 94vw)"
      title={item.file_name}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div className={classes.columns}>
        {place && picture ? (
          <div className={classes.stage}>
            <ImageStage
              src={picture}
              alt={item.file_name}
              width={place.width}
              height={place.height}
              shapes={shapesOfDiff(item, colorOf)}
            />
          </div>
        ) : null}
        <Table fz="xs" verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('snapshots.diff.box')}</Table.Th>
              <Table.Th>{t('snapshots.diff.old')}</Table.Th>
              <Table.Th>{t('snapshots.diff.new')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            <Table.Tr>
              <Table.Td>{t('explorer.fields.split')}</Table.Td>
              <Table.Td>{item.old?.split ?? '–'}</Table.Td>
              <Table.Td>{item.new?.split ?? '–'}</Table.Td>
            </Table.Tr>
            {changes.map((change, index) => {
              const key = `${change.kind} ${index}`;
              return (
                <Table.Tr key={key}>
                  <Table.Td>{t(`snapshots.change.${change.kind}`)}</Table.Td>
                  <Table.Td>{change.from || '–'}</Table.Td>
                  <Table.Td>{change.to || '–'}</Table.Td>
                </Table.Tr>
              );
            })}
            <Table.Tr>
              <Table.Td>{t('snapshots.diff.unchanged')}</Table.Td>
              <Table.Td colSpan={2}>{item.annotations.unchanged}</Table.Td>
            </Table.Tr>
          </Table.Tbody>
        </Table>
      </div>
    </Modal>
  );
}
