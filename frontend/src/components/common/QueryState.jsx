// @ts-check
import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useDelayed } from '../../hooks/useDelayed.js';
import { ProblemAlert } from './ProblemAlert.jsx';

/**
 * Loading, failed or there: the three states of every query, drawn alike everywhere. Old data stays
 * on screen while newer is fetched.
 * @template T
 * @param {object} props
 * @param {{ data: T | undefined, error: unknown, isPending: boolean, refetch: () => unknown }} props.query
 * @param {(data: T) => import('react').ReactNode} props.children
 * @param {import('react').ReactNode} [props.skeleton]
 * @param {number} [props.height] of the default skeleton
 */
export function QueryState({ query, children, skeleton, height = 120 }) {
  const { t } = useTranslation();
  const late = useDelayed(query.isPending);
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ProblemAlert error={query.error} onRetry={() => query.refetch()} />;
  if (!late) return <div style={{ minHeight: height }} aria-busy="true" />;
  return (
    <div aria-busy="true">
      <span className="dd-visually-hidden" role="status">
        {t('common.loading')}
      </span>
      {skeleton ?? <Skeleton height={height} />}
    </div>
  );
}
