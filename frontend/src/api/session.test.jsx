// @ts-check
import { act, renderHook } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { api, call } from './client.js';
import { signIn, useSignedOut } from './session.js';

/** @param {number} status */
const answer = (status) =>
  new Response(status === 204 ? null : '{"signed_in":true,"required":true}', {
    status,
    headers: { 'content-type': 'application/json' },
  });

test('a refusal that comes after the sign-in, of a request from before it, signs nobody out', async () => {
  /** @type {(response: Response) => void} */
  let late = () => {};
  const slow = new Promise((resolve) => {
    late = resolve;
  });
  vi.stubGlobal('fetch', (/** @type {Request | string} */ request) =>
    request === '/api/session' ? Promise.resolve(answer(200)) : slow,
  );
  const { result } = renderHook(() => useSignedOut());
  const before = call(api.GET('/datasets')).catch((error) => error.status);
  await act(() => signIn('token'));
  late(answer(401));
  expect(await before).toBe(401);
  expect(result.current).toBe(false);

  vi.stubGlobal('fetch', () => Promise.resolve(answer(401)));
  await act(() => call(api.GET('/datasets')).catch(() => {}));
  expect(result.current).toBe(true);
});
