// @ts-check
import i18next from 'i18next';

/** @typedef {import('./model.d.ts').Problem} Problem */

/** Every failed request throws this, whatever failed: the service, the backend, or the way to them. */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail || problem.title);
    this.name = 'ApiError';
    this.problem = problem;
    this.code = problem.code;
    this.status = problem.status;
    this.requestId = problem.request_id ?? null;
  }
}

/** @param {unknown} body @returns {body is Problem} */
function isProblem(body) {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}

/** @param {Response} response @param {unknown} body */
export function errorFromResponse(response, body) {
  const requestId = response.headers.get('x-request-id');
  if (isProblem(body)) return new ApiError({ ...body, request_id: body.request_id ?? requestId });
  return new ApiError({
    type: 'about:blank',
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    detail: '',
    code: response.status >= 500 ? 'bad-gateway' : `http-${response.status}`,
    request_id: requestId,
  });
}

/** @param {unknown} cause */
export function unreachable(cause) {
  return new ApiError({
    type: 'about:blank',
    title: 'Unreachable',
    status: 0,
    detail: cause instanceof Error ? cause.message : '',
    code: 'unreachable',
  });
}

/**
 * Why a job failed.
 * @param {Pick<import('./model.d.ts').Job, 'kind' | 'error'>} job
 */
export const errorOfJob = (job) =>
  job.error
    ? new ApiError(job.error)
    : new ApiError({
        type: 'about:blank',
        title: job.kind,
        status: 0,
        detail: '',
        code: 'job-failed',
      });

/** @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  if (error instanceof ApiError) return error.problem;
  return {
    type: 'about:blank',
    title: error instanceof Error ? error.name : 'Error',
    status: 0,
    detail: error instanceof Error ? error.message : String(error),
    code: 'unexpected',
  };
}

/**
 * What a person reads, by code; a code that we have no words for shows the server's own.
 * @param {Problem} problem
 * @returns {{ title: string, hint: string }}
 */
export function wordsFor(problem) {
  const key = `problems.${problem.code}`;
  const known = i18next.exists(`${key}.title`);
  return {
    title: known ? i18next.t(`${key}.title`) : problem.title,
    hint: known && i18next.exists(`${key}.hint`) ? i18next.t(`${key}.hint`) : problem.detail,
  };
}

/**
 * The message for one form field, from the pointers of a validation problem.
 * @param {unknown} error
 * @param {string} field
 */
export function fieldError(error, field) {
  if (!(error instanceof ApiError)) return null;
  const found = error.problem.errors?.find((e) => e.pointer.split(/[/.]/).includes(field));
  return found?.detail ?? null;
}
