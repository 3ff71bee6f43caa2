// @ts-check
import createClient from 'openapi-fetch';
import { errorFromResponse, unreachable } from './problems.js';
import { reportSignedOut, signInCount } from './session.js';

/** @typedef {import('./schema').paths} paths */

export const API_ROOT = '/api';

/** Typed by openapi.json. Components never call it: `queries/` does. @type {import('openapi-fetch').Client<paths>} */
export const api = createClient({
  baseUrl: `${globalThis.location.origin}${API_ROOT}`,
  credentials: 'same-origin',
  // Looked up at each call, so that a test can put a server in its place.
  fetch: (request) => globalThis.fetch(request),
});

/**
 * Unwraps an answer of `api`: the data, or an ApiError.
 * @template T
 * @param {Promise<{ data?: T, error?: unknown, response: Response }>} request
 * @returns {Promise<NonNullable<T>>}
 */
export async function call(request) {
  const asked = signInCount();
  let answer;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw unreachable(cause);
  }
  const { data, error, response } = answer;
  if (response.status === 401) reportSignedOut(asked);
  if (!response.ok) throw errorFromResponse(response, error);
  return /** @type {NonNullable<T>} */ (data);
}

/** A key per intent: repeating a request with it does the work once. */
export function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** Headers of a creating POST. */
export const creating = () => ({ 'Idempotency-Key': idempotencyKey() });

/** Headers of an edit made on what was seen. @param {string} dataVersion */
export const ifMatch = (dataVersion) => ({ 'If-Match': `"${dataVersion}"` });

/** A path that the API handed out, as the browser must ask for it. @param {string} path */
export const apiUrl = (path) => (path.startsWith(`${API_ROOT}/`) ? path : `${API_ROOT}${path}`);
