// @ts-check
import { useEffect, useState } from 'react';
import { appendLog, EMPTY_LOG } from '../lib/logBuffer.js';

/** @typedef {'connecting' | 'live' | 'ended' | 'broken'} LogState */
/** A trainer may print a thousand lines a second; the screen needs ten updates. */
const FLUSH_MS = 100;

/**
 * Follows a log that is sent as events `{offset, text}` until an event `end`. The browser reconnects by itself and the
 * service goes on where it stopped, so nothing is lost or doubled.
 * @param {string} url
 */
export function useRunLog(url) {
  const [log, setLog] = useState(EMPTY_LOG);
  const [state, setState] = useState(/** @type {LogState} */ ('connecting'));
  useEffect(() => {
    let waiting = '';
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const flush = () => {
      timer = undefined;
      const text = waiting;
      waiting = '';
      setLog((before) => appendLog(before, text));
    };
    setLog(EMPTY_LOG);
    setState('connecting');
    const source = new EventSource(url);
    source.onopen = () => setState('live');
    source.onerror = () =>
      setState(source.readyState === EventSource.CLOSED ? 'broken' : 'connecting');
    source.addEventListener('log', (event) => {
      waiting += textOf(event.data);
      timer ??= setTimeout(flush, FLUSH_MS);
    });
    source.addEventListener('end', () => {
      source.close();
      flush();
      setState('ended');
    });
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [url]);
  return { log, state };
}

/** @param {string} data @returns {string} */
function textOf(data) {
  const { text } = JSON.parse(data);
  return typeof text === 'string' ? text : '';
}
