// @ts-check
import { useSyncExternalStore } from 'react';
import { errorFromResponse, unreachable } from './problems.js';

/** Whether the API has asked for a token. The cookie itself is HttpOnly: only answers tell. */
let signedOut = false;
/** How often this page was signed in: an answer to a request from before says nothing about after. */
let signIns = 0;
/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {boolean} value */
function set(value) {
  if (signedOut === value) return;
  signedOut = value;
  for (const listener of listeners) listener();
}

export const signInCount = () => signIns;

/** A request was answered with 401. @param {number} asked `signInCount` when it was sent */
export const reportSignedOut = (asked) => asked === signIns && set(true);

/** @param {() => void} listener */
function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSignedOut = () => useSyncExternalStore(subscribe, () => signedOut);

/**
 * @param {'GET' | 'POST' | 'DELETE'} method
 * @param {{ body?: object, signal?: AbortSignal }} [options]
 * @returns {Promise<{ signed_in: boolean, required: boolean }>}
 */
async function session(method, { body, signal } = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch('/api/session', {
      method,
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      signal,
    });
  } catch (cause) {
    throw unreachable(cause);
  }
  const isJson = response.headers.get('content-type')?.includes('json');
  const answer = isJson ? await response.json() : null;
  if (!response.ok) throw errorFromResponse(response, answer);
  return answer ?? { signed_in: false, required: true };
}

/** Whether a token is asked for here, and whether this browser has given it. @param {AbortSignal} [signal] */
export const sessionState = (signal) => session('GET', { signal });

/** Exchanges the token for an HttpOnly cookie, so that images and event streams carry it too. @param {string} token */
export async function signIn(token) {
  await session('POST', { body: { token } });
  signIns += 1;
  set(false);
}

/**
 * The one-time link of a native start carries its code after `#`, which is sent to no server and
 * stands in no log. It is taken out of the address at once.
 */
export async function redeemLink() {
  const code = new URLSearchParams(globalThis.location.hash.slice(1)).get('code');
  if (!code) return;
  globalThis.history.replaceState(null, '', globalThis.location.pathname);
  try {
    await session('POST', { body: { code } });
  } catch {
    set(true); // used or expired: the sign-in form asks for the token instead
  }
}

export async function signOut() {
  await session('DELETE');
  set(true);
}
