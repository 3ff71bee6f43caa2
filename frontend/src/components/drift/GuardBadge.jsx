// @ts-check
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './VerdictBadge.module.css';

const ICONS = { pass: IconCircleCheck, warn: IconAlertTriangle, fail: IconCircleX };
const COLORS = { pass: 'none', warn: 'warning', fail: 'drift' };

/** @param {{ outcome: import('../../api/model.d.ts').GuardOutcome }} props */
export function GuardBadge({ outcome }) {
  const { t } = useTranslation();
  const Icon = ICONS[outcome];
  return (
    <span className={classes.badge} data-status={COLORS[outcome]}>
      <Icon size={14} stroke={2} aria-hidden />
      {t(`guards.outcome.${outcome}`)}
    </span>
  );
}
