// @ts-check
import react from '@vitejs/plugin-react';
import { loadEnv } from 'vite';
import { defineConfig } from 'vitest/config';
import { mantineStyles } from './scripts/mantine-styles.mjs';

// FRONTEND_PORT and BACKEND_PORT as everywhere in the studio. DDOC_DIRECT=1 talks to the service
// itself (DDOC_PORT), which serves the same paths without the /api prefix.
export default defineConfig(({ mode }) => {
  const env = { ...loadEnv(mode, '.', ''), ...process.env };
  const direct = env.DDOC_DIRECT === '1';
  const target = direct
    ? `http://127.0.0.1:${env.DDOC_PORT ?? 5001}`
    : `http://127.0.0.1:${env.BACKEND_PORT ?? 8000}`;
  const proxy = {
    '/api': {
      target,
      // Host stays ours: the backend compares it with Origin before it takes a change.
      changeOrigin: false,
      ...(direct ? { rewrite: (/** @type {string} */ path) => path.replace(/^\/api/, '') } : {}),
    },
  };
  const port = Number(env.FRONTEND_PORT ?? 3000);
  return {
    plugins: [react(), mantineStyles()],
    server: { port, strictPort: true, host: '127.0.0.1', proxy },
    preview: { port, strictPort: true, host: '127.0.0.1', proxy },
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      manifest: true,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 700,
    },
    test: {
      restoreMocks: true,
      projects: [
        { test: { name: 'logic', environment: 'node', include: ['src/**/*.test.js'] } },
        {
          extends: true,
          test: {
            name: 'screens',
            environment: 'jsdom',
            include: ['src/**/*.test.jsx'],
            setupFiles: ['./tests/setup.js'],
            testTimeout: 30_000,
          },
        },
      ],
    },
  };
});
