// @ts-check
import { useTranslation } from 'react-i18next';
import classes from './SideLegend.module.css';

/** Which colour is which side. */
export function SideLegend() {
  const { t } = useTranslation();
  return (
    <span className={classes.legend}>
      <span data-role="base">{t('roles.base')}</span>
      <span data-role="target">{t('roles.target')}</span>
    </span>
  );
}
