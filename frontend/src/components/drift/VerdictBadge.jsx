// @ts-check
import { IconAlertTriangle, IconArrowsDiff, IconCircleCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './VerdictBadge.module.css';

const ICONS = { none: IconCircleCheck, warning: IconAlertTriangle, drift: IconArrowsDiff };

/** The verdict by word, icon and colour, never by colour alone. @param {{ status: import('../../api/model.d.ts').Verdict }} props */
export function VerdictBadge({ status }) {
  const { t } = useTranslation();
  const Icon = ICONS[status];
  return (
    <span className={classes.badge} data-status={status}>
      <Icon size={14} stroke={2} aria-hidden />
      {t(`drift.status.${status}`)}
    </span>
  );
}
