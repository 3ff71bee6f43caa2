// @ts-check
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import './app.css';
import { queryClient } from './api/queryClient.js';
import { redeemLink } from './api/session.js';
import { startI18n } from './lib/i18n.js';
import { createRouter } from './routes.jsx';
import { colorSchemeManager, cssVariablesResolver, theme } from './theme.js';

// Nothing is told before something was done: the toasts may come after the first screen.
const Toaster = lazy(() => import('./components/common/Toaster.jsx'));

await Promise.all([startI18n(), redeemLink()]);

createRoot(/** @type {HTMLElement} */ (document.getElementById('root'))).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        <Suspense fallback={null}>
          <Toaster />
        </Suspense>
        <RouterProvider router={createRouter()} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
