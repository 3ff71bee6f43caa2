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

/** From here on a lost connection or a reload must not cost the whole file (bytes). */
export const RESUMABLE_FROM = 64 * 2 ** 20;
const CHUNK = 16 * 2 ** 20;
const JOB_HEADER = 'X-Ddoc-Job';

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
 * By the tus protocol, in parts: it goes on after a lost connection, and where the same file is
 * given again after a reload.
 * @param {UploadOptions} options
 * @returns {Promise<string>} the id of the job that ingests it
 */
export async function uploadResumable({ file, fields = {}, onProgress, signal }) {
  const { Upload } = await import('tus-js-client');
  return new Promise((resolve, reject) => {
    /** @type {string | undefined} */
    let jobId;
    const upload = new Upload(file, {
      endpoint: `${globalThis.location.origin}${API_ROOT}/uploads`,
      chunkSize: CHUNK,
      retryDelays: [0, 1000, 3000, 5000, 10_000],
      removeFingerprintOnSuccess: true,
      metadata: {
        filename: file.name,
        filetype: file.type || 'application/octet-stream',
        ...fields,
      },
      onProgress,
      onAfterResponse: (_request, response) => {
        jobId = response.getHeader(JOB_HEADER) ?? jobId;
      },
      onError: (error) => reject(tusError(error)),
      onSuccess: () =>
        jobId ? resolve(jobId) : reject(unreachable(new Error('the upload named no job'))),
    });
    const abort = () => {
      upload.abort();
      reject(new DOMException('aborted', 'AbortError'));
    };
    signal?.addEventListener('abort', abort, { once: true });
    upload.findPreviousUploads().then(([previous]) => {
      if (previous) upload.resumeFromPreviousUpload(previous);
      upload.start();
    }, reject);
  });
}

/** @param {Error & { originalResponse?: { getStatus(): number, getBody(): string } | null }} error */
function tusError(error) {
  const answer = error.originalResponse;
  if (!answer) return unreachable(error);
  const response = new Response(null, { status: answer.getStatus() });
  return errorFromResponse(response, parseJson(answer.getBody()));
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
