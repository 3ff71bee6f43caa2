// @ts-check
import { Tooltip } from '@mantine/core';
import { IconCamera } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { formatCount } from '../../lib/format.js';
import classes from './SnapshotChip.module.css';

/**
 * The version that the working copy came from; a star when there is something to save.
 * @param {{ status: import('../../api/model.d.ts').WorkspaceStatus }} props
 */
export function SnapshotChip({ status }) {
  const { t } = useTranslation();
  const { added, removed, modified } = status.uncommitted_changes;
  const changes = added + removed + modified;
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
