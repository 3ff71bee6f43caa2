// @ts-check
import { API_ROOT, idempotencyKey } from './client.js';
import { errorFromResponse, unreachable } from './problems.js';

/**
 * @typedef {object} UploadOptions
 * @property {File} file
 * @property {Record<string, string>} [fields] what goes beside the file
 * @property {(sent: number, total: number) => void} [onProgress] bytes
 * @property {AbortSignal} [signal]
 */

/**
 * One multipart request: progress needs XMLHttpRequest, fetch has none for what it sends.
 * @template T
 * @param {string} path below the API's root
 * @param {UploadOptions} options
 * @returns {Promise<T>}
 */
export function uploadMultipart(path, { file, fields = {}, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append('file', file, file.name);
    const abort = () => request.abort();
    signal?.addEventListener('abort', abort, { once: true });
    request.open('POST', `${API_ROOT}${path}`);
    request.setRequestHeader('Idempotency-Key', idempotencyKey());
    request.upload.onprogress = (e) =>
      onProgress?.(e.loaded, e.lengthComputable ? e.total : file.size);
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    request.onerror = () => reject(unreachable(new Error(`POST ${path}`)));
    request.onload = () => {
      signal?.removeEventListener('abort', abort);
      const parsed = parseJson(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(parsed);
      else reject(errorFromResponse(responseOf(request), parsed));
    };
    request.send(body);
  });
}

/** @param {XMLHttpRequest} request */
function responseOf(request) {
  const id = request.getResponseHeader('X-Request-ID');
  return new Response(null, { status: request.status, headers: id ? { 'X-Request-ID': id } : {} });
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === 'AbortError';
