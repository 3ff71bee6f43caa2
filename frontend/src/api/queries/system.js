// @ts-check
import { queryOptions } from '@tanstack/react-query';
import { api, call } from '../client.js';
import { sessionState } from '../session.js';

/** Who is who, for a bug report. */
export const versionQuery = () =>
  queryOptions({
    queryKey: ['version'],
    queryFn: async ({ signal }) =>
      /** @type {Record<string, string | number | boolean | null>} */ (
        await call(api.GET('/version', { signal }))
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const sessionQuery = () =>
  queryOptions({ queryKey: ['session'], queryFn: ({ signal }) => sessionState(signal) });
