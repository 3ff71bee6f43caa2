// @ts-check
import { Loader, Tooltip } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { changeCount } from '../../lib/changes.js';
import { formatCount } from '../../lib/format.js';
import classes from './SnapshotChip.module.css';

/**
 * The version that the working copy came from; a star when there is something to save.
 * @param {{ status: import('../../api/model.d.ts').WorkspaceStatus }} props
 */
export function SnapshotChip({ status }) {
  const { t } = useTranslation();
  const { added, removed, modified } = status.uncommitted_changes;
  const changes = changeCount(status);
  const label = changes
    ? t('shell.unsaved', {
        added: formatCount(added),
        removed: formatCount(removed),
        modified: formatCount(modified),
      })
    : t('shell.saved');
  return (
    <Tooltip label={label}>
      <Link
        className={classes.chip}
        data-dirty={changes > 0 || undefined}
        to={`/w/${status.workspace_id}/snapshots`}
        aria-label={`${t('shell.snapshot')} ${status.head ?? '–'}, ${label}`}
      >
        <IconCamera size={14} aria-hidden />
        {status.head ?? '–'}
        {changes > 0 ? '*' : ''}
      </Link>
    </Tooltip>
  );
}

/** Stands where the chip will be while every file is being looked at. */
export function SnapshotChipPending() {
  const { t } = useTranslation();
  return (
    <span className={classes.chip} role="status">
      <Loader size={14} aria-hidden />
      {t('shell.checking')}
    </span>
  );
}
