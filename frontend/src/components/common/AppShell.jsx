// @ts-check
import { useTranslation } from 'react-i18next';
import { Outlet } from 'react-router';
import { useSignedOut } from '../../api/session.js';
import { useJobEvents } from '../../hooks/useJobEvents.js';
import { Header } from './Header.jsx';
import { SignIn } from './SignIn.jsx';

/** What every screen shares: the header, the event stream, and the way in. */
export function AppShell() {
  const { t } = useTranslation();
  const connection = useJobEvents();
  const signedOut = useSignedOut();
  return (
    <div className="dd-app">
      <a className="dd-skip" href="#main">
        {t('shell.skip')}
      </a>
      <Header connection={connection} />
      <main className="dd-main" id="main" tabIndex={-1}>
        {signedOut ? <SignIn /> : <Outlet />}
      </main>
    </div>
  );
}
