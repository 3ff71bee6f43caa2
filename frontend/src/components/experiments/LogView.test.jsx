// @ts-check
import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { renderPanel, withLayout } from '../../../tests/screen.jsx';
import { LogView } from './LogView.jsx';

/** An event stream that a test speaks through. */
class Stream extends EventTarget {
  static CLOSED = 2;
  /** @type {Stream[]} */
  static opened = [];
  readyState = 1;
  onopen = () => {};
  onerror = () => {};
  constructor() {
    super();
    Stream.opened.push(this);
  }
  close() {
    this.readyState = 2;
  }
  /** @param {string} text */
  say(text) {
    this.dispatchEvent(new MessageEvent('log', { data: JSON.stringify({ offset: 0, text }) }));
  }
}

beforeEach(() => {
  Stream.opened = [];
  vi.stubGlobal('EventSource', Stream);
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(600);
  withLayout(600, 400);
});
afterEach(() => vi.unstubAllGlobals());

it('shows lines as they come, finds them, and says when the log is complete', async () => {
  const user = userEvent.setup();
  await renderPanel(<LogView url="/log" />);
  const [stream] = Stream.opened;
  act(() => {
    stream?.onopen();
    stream?.say('epoch 1 loss 0.9\nepo');
    stream?.say('ch 2 loss 0.4\n');
  });
  expect(await screen.findByText('epoch 2 loss 0.4')).toBeInTheDocument();
  expect(screen.getByRole('status')).toHaveTextContent('live · 2 lines');
  act(() => stream?.dispatchEvent(new Event('end')));
  expect(screen.getByRole('status')).toHaveTextContent('complete');
  expect(stream?.readyState).toBe(2);
  await user.type(screen.getByRole('searchbox'), 'epoch 1');
  expect(screen.queryByText('epoch 2 loss 0.4')).not.toBeInTheDocument();
  expect(screen.getByText('epoch 1 loss 0.9')).toBeInTheDocument();
});
