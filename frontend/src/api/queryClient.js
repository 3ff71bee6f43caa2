// @ts-check
import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './problems.js';

/** @param {number} failures @param {Error} error */
function shouldRetry(failures, error) {
  const passing = error instanceof ApiError && (error.status === 0 || error.status >= 502);
  return passing && failures < 2;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 300_000,
      retry: shouldRetry,
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false },
  },
});
