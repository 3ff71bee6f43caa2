// @ts-check
import { API_ROOT, idempotencyKey } from './client.js';
import { ApiError, errorFromResponse, unreachable } from './problems.js';

/**
 * @typedef {object} UploadOptions
 * @property {File} file
 * @property {Record<string, string>} [fields] what goes beside the file
 * @property {(sent: number, total: number) => void} [onProgress] bytes
 * @property {AbortSignal} [signal]
 */

/** Above this a lost connection must not cost the whole file. */
export const RESUMABLE_FROM = 64 * 2 ** 20;

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

/**
 * Resumes after a lost connection and after a reload (the same file continues where it stopped).
 * @param {UploadOptions} options
 * @returns {Promise<{ uploadId: string, jobId: string | null }>}
 */
export async function uploadResumable({ file, fields = {}, onProgress, signal }) {
  const { Upload } = await import('tus-js-client');
  return new Promise((resolve, reject) => {
    /** @type {string | null} */
    let jobId = null;
    const upload = new Upload(file, {
      endpoint: `${API_ROOT}/uploads`,
      chunkSize: 16 * 2 ** 20,
      retryDelays: [0, 1000, 3000, 5000, 10_000],
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, filetype: file.type, ...fields },
      onProgress,
      onAfterResponse: (_request, response) => {
        jobId = response.getHeader('X-Job-Id') ?? jobId;
      },
      onError: (error) => reject(tusError(error)),
      onSuccess: () => resolve({ uploadId: upload.url?.split('/').at(-1) ?? '', jobId }),
    });
    signal?.addEventListener(
      'abort',
      () => {
        upload.abort();
        reject(new DOMException('aborted', 'AbortError'));
      },
      { once: true },
    );
    upload.findPreviousUploads().then((previous) => {
      if (previous[0]) upload.resumeFromPreviousUpload(previous[0]);
      upload.start();
    }, reject);
  });
}

/** @param {Error & { originalResponse?: { getStatus(): number, getBody(): string } | null }} error */
function tusError(error) {
  const answer = error.originalResponse;
  if (!answer) return unreachable(error);
  const problem = parseJson(answer.getBody());
  return errorFromResponse(new Response(null, { status: answer.getStatus() }), problem);
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

/** @param {unknown} error */
export const isApiError = (error) => error instanceof ApiError;
