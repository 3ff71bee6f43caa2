// @ts-check
/**
 * The one event stream of this tab. The browser replays what it missed after a lost connection
 * (`Last-Event-ID`); when three attempts in a row fail, the listeners are asked to poll instead, and
 * the stream is tried again from time to time.
 *
 * @typedef {import('./model.d.ts').Job} Job
 * @typedef {Job} JobEvent
 * @typedef {'idle' | 'connecting' | 'live' | 'polling'} Connection
 * @typedef {object} Listener
 * @property {(events: JobEvent[]) => void} onJobs in order, several at a time
 * @property {() => void} onPoll asked for while there is no stream, and once whenever one opens
 */

export const FAILURES_BEFORE_POLLING = 3;
const POLL_MS = 2_000;
const RETRY_MS = 30_000;
/** Progress may come a hundred times a second; the screen needs ten. */
const FLUSH_MS = 100;

/**
 * @param {object} options
 * @param {string} options.url
 * @param {Listener} options.listener
 * @param {(connection: Connection) => void} [options.onConnection]
 * @param {(url: string) => EventSource} [options.open]
 */
export function createEventHub({
  url,
  listener,
  onConnection = () => {},
  open = (u) => new EventSource(u),
}) {
  /** @type {EventSource | null} */
  let source = null;
  /** @type {Connection} */
  let connection = 'idle';
  let failures = 0;
  /** @type {JobEvent[]} */
  let waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let flushTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retryTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let pollTimer;

  /** @param {Connection} next */
  function become(next) {
    if (connection === next) return;
    connection = next;
    onConnection(next);
  }

  function flush() {
    flushTimer = undefined;
    const events = waiting;
    waiting = [];
    listener.onJobs(events);
  }

  /** @param {MessageEvent<string>} message */
  function receive(message) {
    const event = parseJobEvent(message.data);
    if (!event) return;
    waiting.push(event);
    flushTimer ??= setTimeout(flush, FLUSH_MS);
  }

  function opened() {
    failures = 0;
    clearInterval(pollTimer);
    pollTimer = undefined;
    listener.onPoll(); // the stream tells what comes from now on; this is what was before
    become('live');
  }

  function failed() {
    failures += 1;
    const closed = source?.readyState === 2;
    if (failures < FAILURES_BEFORE_POLLING && !closed) {
      become('connecting');
      return;
    }
    source?.close();
    source = null;
    if (failures < FAILURES_BEFORE_POLLING) {
      become('connecting');
      retryTimer = setTimeout(connect, 500 * 2 ** failures);
      return;
    }
    become('polling');
    listener.onPoll();
    pollTimer ??= setInterval(listener.onPoll, POLL_MS);
    retryTimer = setTimeout(connect, RETRY_MS);
  }

  function connect() {
    if (connection === 'idle') become('connecting');
    source = open(url);
    source.onopen = opened;
    source.onerror = failed;
    source.onmessage = receive;
    for (const name of EVENT_NAMES) source.addEventListener(name, receive);
  }

  return {
    start: connect,
    stop() {
      source?.close();
      source = null;
      clearTimeout(flushTimer);
      clearTimeout(retryTimer);
      clearInterval(pollTimer);
      become('idle');
    },
    get connection() {
      return connection;
    },
  };
}

/** Both carry the job as it was then. */
const EVENT_NAMES = ['state', 'progress'];

/** @param {string} text @returns {JobEvent | null} null for what is not about a job */
export function parseJobEvent(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return null; // a heartbeat or a comment
  }
  return typeof data?.job_id === 'string' ? data : null;
}
