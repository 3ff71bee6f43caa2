// @vitest-environment jsdom
// @ts-check
import { QueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import en from '../locales/en.json';
import { api, apiUrl, call, ifMatch } from './client.js';
import { keys } from './keys.js';
import { ApiError, fieldError, problemOf, wordsFor } from './problems.js';
import { jobsQuery, putJobs } from './queries/jobs.js';

const server = setupServer();
beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' });
  await i18next.init({ lng: 'en', resources: { en: { translation: en } } });
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** @param {Promise<unknown>} promise @returns {Promise<ApiError>} */
const failure = (promise) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );

test('a problem keeps its code, its fields and the request id', async () => {
  server.use(
    http.get('*/api/datasets', () =>
      HttpResponse.json(
        {
          type: 'about:blank',
          title: 'Invalid input',
          status: 422,
          detail: 'limit is too large',
          code: 'invalid-limit',
          errors: [{ pointer: '/query/limit', detail: 'at most 500' }],
        },
        { status: 422, headers: { 'X-Request-ID': 'req-7' } },
      ),
    ),
  );
  const error = await failure(call(api.GET('/datasets')));
  expect(error).toBeInstanceOf(ApiError);
  expect(error.code).toBe('invalid-limit');
  expect(error.requestId).toBe('req-7');
  expect(fieldError(error, 'limit')).toBe('at most 500');
  expect(fieldError(error, 'cursor')).toBeNull();
});

test('a gateway that answers without a problem still gives one', async () => {
  server.use(http.get('*/api/datasets', () => new HttpResponse('<html>', { status: 502 })));
  expect((await failure(call(api.GET('/datasets')))).code).toBe('bad-gateway');
});

test('a network that is down is told apart from an answer', async () => {
  server.use(http.get('*/api/datasets', () => HttpResponse.error()));
  const error = await failure(call(api.GET('/datasets')));
  expect(error.code).toBe('unreachable');
  expect(wordsFor(error.problem).title).toBe('The studio cannot be reached');
});

test('a code without words shows what the server said', () => {
  const words = wordsFor(
    problemOf(
      new ApiError({ title: 'Odd', status: 409, detail: 'It is odd.', code: 'never-heard-of' }),
    ),
  );
  expect(words).toEqual({ title: 'Odd', hint: 'It is odd.' });
});

test('paths that the API hands out are asked for below its root, once', () => {
  expect(apiUrl('/datasets/d/item/i/preview')).toBe('/api/datasets/d/item/i/preview');
  expect(apiUrl('/api/x')).toBe('/api/x');
  expect(ifMatch('v7')).toEqual({ 'If-Match': '"v7"' });
});

/** @param {Partial<import('./model.d.ts').Job>} fields */
const jobOf = (fields) =>
  /** @type {import('./model.d.ts').Job} */ ({
    job_id: 'j1',
    kind: 'snapshot',
    workspace_id: 'w1',
    state: 'running',
    ...fields,
  });

test('the end of a job invalidates its workspace, and only then', () => {
  const client = new QueryClient();
  client.setQueryData(jobsQuery().queryKey, { items: [jobOf({})], total: 1 });
  const invalidate = vi.spyOn(client, 'invalidateQueries');
  putJobs(client, [jobOf({ progress: { done: 1, total: 2, unit: 'files', message: '' } })]);
  expect(invalidate).not.toHaveBeenCalled();
  putJobs(client, [jobOf({ state: 'succeeded', result: {} })]);
  expect(invalidate).toHaveBeenCalledWith({ queryKey: keys.workspace('w1') });
  invalidate.mockClear();
  putJobs(client, [jobOf({ state: 'succeeded', result: {} })]);
  expect(invalidate).not.toHaveBeenCalled();
});

test('a job that was started elsewhere appears at the head of the list', () => {
  const client = new QueryClient();
  client.setQueryData(jobsQuery().queryKey, { items: [jobOf({})], total: 1 });
  putJobs(client, [jobOf({ job_id: 'j2', state: 'queued' })]);
  expect(client.getQueryData(jobsQuery().queryKey)?.items.map((j) => j.job_id)).toEqual([
    'j2',
    'j1',
  ]);
});
