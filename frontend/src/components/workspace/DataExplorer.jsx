// @ts-check
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../common/EmptyState.jsx';

export function DataExplorer() {
  const { t } = useTranslation();
  return <EmptyState title={t('shell.panel.data')} />;
}
