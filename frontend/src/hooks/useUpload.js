// @ts-check
import { useCallback, useRef, useState } from 'react';
import { useUploadDataset } from '../api/queries/datasets.js';
import { isAbort } from '../api/uploads.js';
import { nameOfArchive } from '../lib/archives.js';

/**
 * @typedef {object} Upload
 * @property {(file: File) => void} start
 * @property {() => void} abort
 * @property {() => void} reset
 * @property {boolean} sending
 * @property {unknown} error null after an abort: that was a wish
 * @property {string} name
 * @property {{ sent: number, total: number, since: number }} progress bytes; `since` in milliseconds
 */

/** @param {(jobId: string) => void} onJob the ingest has begun @returns {Upload} */
export function useUpload(onJob) {
  const { mutate, isPending, error, reset } = useUploadDataset();
  const controller = useRef(/** @type {AbortController | null} */ (null));
  const [name, setName] = useState('');
  const [progress, setProgress] = useState({ sent: 0, total: 0, since: 0 });
  const start = useCallback(
    (/** @type {File} */ file) => {
      controller.current = new AbortController();
      setName(file.name);
      const since = Date.now();
      setProgress({ sent: 0, total: file.size, since });
      mutate(
        {
          file,
          name: nameOfArchive(file.name),
          signal: controller.current.signal,
          onProgress: (sent, total) => setProgress({ sent, total, since }),
        },
        { onSuccess: onJob },
      );
    },
    [mutate, onJob],
  );
  const abort = useCallback(() => controller.current?.abort(), []);
  return {
    start,
    abort,
    reset,
    sending: isPending,
    error: isAbort(error) ? null : error,
    name,
    progress,
  };
}
