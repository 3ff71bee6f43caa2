// @ts-check
import { useTranslation } from 'react-i18next';
import { Link, NavLink, useParams } from 'react-router';
import classes from './Header.module.css';
import { JobsTray } from './JobsTray.jsx';
import { LanguageSwitch } from './LanguageSwitch.jsx';
import { SettingsLink } from './SettingsLink.jsx';
import { ThemeSwitch } from './ThemeSwitch.jsx';
import { WorkspaceHeader } from './WorkspaceHeader.jsx';

/** @param {{ connection: import('../../api/events.js').Connection }} props */
export function Header({ connection }) {
  const { t } = useTranslation();
  const { workspaceId } = useParams();
  return (
    <header className={classes.header}>
      <Link to="/drift" className={classes.mark} aria-label={t('shell.home')}>
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="7" fill="var(--mantine-color-iris-7)" />
          <path d="M5 22c4-13 7-13 10 0" className={classes.markBase} />
          <path d="M13 22c5-17 9-17 14 0" className={classes.markTarget} />
        </svg>
        <span className={classes.name}>ddoc</span>
      </Link>
      <nav className={classes.nav} aria-label={t('shell.main')}>
        <NavLink to="/drift">{t('shell.drift')}</NavLink>
        <NavLink to="/w">{t('shell.workspaces')}</NavLink>
      </nav>
      {workspaceId ? <WorkspaceHeader workspaceId={workspaceId} /> : null}
      <div className={classes.tools}>
        <JobsTray connection={connection} />
        <LanguageSwitch />
        <ThemeSwitch />
        <SettingsLink />
      </div>
    </header>
  );
}
