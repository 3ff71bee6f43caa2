// @ts-check
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import classes from './RoleTabs.module.css';

/** @type {('base' | 'target')[]} */
const ROLES = ['base', 'target'];

/**
 * Base | Target: the other side of the same drift report, with sub-tab and filters kept.
 * @param {{ pair: import('../../lib/pairs.js').Pair, workspaceId: string }} props
 */
export function RoleTabs({ pair, workspaceId }) {
  const { t } = useTranslation();
  const location = useLocation();
  if (!pair.base && !pair.target) return null;
  const [, , , ...rest] = location.pathname.split('/');
  return (
    <nav className={classes.tabs} aria-label={t('shell.sides')}>
      {ROLES.map((role) => {
        const id = pair[role];
        if (!id) {
          return (
            <span key={role} className={classes.missing} title={t('shell.sideMissing')}>
              {t(`roles.${role}`)}
            </span>
          );
        }
        return (
          <Link
            key={role}
            to={{ pathname: `/w/${id}/${rest.join('/')}`, search: sharedSearch(location.search) }}
            data-role={role}
            aria-current={id === workspaceId ? 'page' : undefined}
          >
            {t(`roles.${role}`)}
          </Link>
        );
      })}
    </nav>
  );
}

/** Items, snapshots and runs belong to one side; filters, sort and colour to both. @param {string} search */
function sharedSearch(search) {
  const params = new URLSearchParams(search);
  for (const own of ['item', 'snapshot', 'run', 'ids', 'a', 'b', 'view', 'cluster', 'dup']) {
    params.delete(own);
  }
  return params.toString();
}
