// @ts-check
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEventHub, parseJobEvent } from './events.js';

class FakeSource {
  /** @type {FakeSource[]} */
  static opened = [];
  readyState = 0;
  closed = false;
  /** @type {Record<string, (event: { data: string }) => void>} */
  handlers = {};
  onopen = () => {};
  onerror = () => {};
  onmessage = () => {};
  constructor() {
    FakeSource.opened.push(this);
  }
  /** @param {string} name @param {(event: { data: string }) => void} handler */
  addEventListener(name, handler) {
    this.handlers[name] = handler;
  }
  close() {
    this.closed = true;
  }
}

/** @param {{ onJobs?: (events: object[]) => void, onPoll?: () => void }} listener */
function start({ onJobs = vi.fn(), onPoll = vi.fn() } = {}) {
  const onConnection = vi.fn();
  const hub = createEventHub({
    url: '/api/events',
    listener: { onJobs, onPoll },
    onConnection,
    open: () => /** @type {EventSource} */ (/** @type {unknown} */ (new FakeSource())),
  });
  hub.start();
  return { hub, onConnection, source: () => /** @type {FakeSource} */ (FakeSource.opened.at(-1)) };
}

beforeEach(() => {
  FakeSource.opened = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test('events that come together are handed over together, in order', () => {
  const onJobs = vi.fn();
  const { source } = start({ onJobs });
  source().onopen();
  source().handlers.progress?.({ data: '{"job_id":"a","n":1}' });
  source().handlers.state?.({ data: '{"job_id":"a","n":2}' });
  expect(onJobs).not.toHaveBeenCalled();
  vi.advanceTimersByTime(100);
  expect(onJobs).toHaveBeenCalledExactlyOnceWith([
    { job_id: 'a', n: 1 },
    { job_id: 'a', n: 2 },
  ]);
});

test('the state before the stream opened is asked for once it opens', () => {
  const onPoll = vi.fn();
  const { source } = start({ onPoll });
  source().onopen();
  expect(onPoll).toHaveBeenCalledTimes(1);
});

test('two failures leave reconnecting to the browser, the third polls every two seconds', () => {
  const onPoll = vi.fn();
  const { hub, source } = start({ onPoll });
  source().onerror();
  source().onerror();
  expect(hub.connection).toBe('connecting');
  expect(onPoll).not.toHaveBeenCalled();
  source().onerror();
  expect(hub.connection).toBe('polling');
  expect(source().closed).toBe(true);
  vi.advanceTimersByTime(4000);
  expect(onPoll).toHaveBeenCalledTimes(3);
});

test('a stream that comes back ends the polling', () => {
  const onPoll = vi.fn();
  const { hub, source } = start({ onPoll });
  for (let i = 0; i < 3; i++) source().onerror();
  vi.advanceTimersByTime(30_000);
  expect(FakeSource.opened).toHaveLength(2);
  source().onopen();
  expect(hub.connection).toBe('live');
  onPoll.mockClear();
  vi.advanceTimersByTime(10_000);
  expect(onPoll).not.toHaveBeenCalled();
});

test('a stream that the server refused is opened anew, since the browser will not', () => {
  const { source } = start();
  source().readyState = 2;
  source().onerror();
  vi.advanceTimersByTime(1000);
  expect(FakeSource.opened).toHaveLength(2);
});

test('after stop nothing is asked for and nothing is told', () => {
  const onPoll = vi.fn();
  const { hub, source } = start({ onPoll });
  for (let i = 0; i < 3; i++) source().onerror();
  hub.stop();
  onPoll.mockClear();
  vi.advanceTimersByTime(60_000);
  expect(onPoll).not.toHaveBeenCalled();
  expect(FakeSource.opened).toHaveLength(1);
});

test('what is not about a job is passed over', () => {
  expect(parseJobEvent('heartbeat')).toBeNull();
  expect(parseJobEvent('{"kind":"other"}')).toBeNull();
  expect(parseJobEvent('{"job_id":"j1"}')).toEqual({ job_id: 'j1' });
});
