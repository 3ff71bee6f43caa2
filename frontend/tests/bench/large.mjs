// @ts-check
/**
 * One measurement of the UI over a large workspace: `node large.mjs ADDRESS WORKSPACE ITEMS` prints its figures as JSON.
 */
import { chromium } from '@playwright/test';
import config from '../../playwright.config.js';

const [address, workspace, items] = process.argv.slice(2);
const MB = 1 << 20;

/** @param {number[]} values @param {number} share */
const quantile = (values, share) =>
  [...values].sort((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor(values.length * share))
  ] ?? 0;

/** What the page keeps while it is watched: frames, long tasks, paints and shifts. */
function watch() {
  const kept = {
    frames: /** @type {number[]} */ ([]),
    tasks: /** @type {number[]} */ ([]),
    lcp: 0,
    shift: 0,
  };
  Object.assign(window, { kept });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) kept.tasks.push(entry.duration);
  }).observe({ type: 'longtask', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) kept.lcp = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!(/** @type {any} */ (entry).hadRecentInput))
        kept.shift += /** @type {any} */ (entry).value;
    }
  }).observe({ type: 'layout-shift', buffered: true });
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    kept.frames.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

/** @param {import('@playwright/test').Page} page */
const kept = (page) =>
  page.evaluate(
    () =>
      /** @type {{frames: number[], tasks: number[], lcp: number, shift: number}} */ (
        /** @type {any} */ (window).kept
      ),
  );
/** @param {import('@playwright/test').Page} page */
const forget = (page) =>
  page.evaluate(() => {
    const { kept } = /** @type {any} */ (window);
    kept.frames.length = 0;
    kept.tasks.length = 0;
  });

/** @param {import('@playwright/test').Page} page */
async function firstRoute(page) {
  await page.goto(`${address}/drift`);
  await page.waitForLoadState('networkidle');
  const { lcp, tasks, shift } = await kept(page);
  return {
    'first route: LCP, ms': lcp,
    'first route: blocking time, ms': tasks.reduce((sum, task) => sum + Math.max(0, task - 50), 0),
    'first route: layout shift': shift,
  };
}

/** @param {import('@playwright/test').Page} page */
async function grid(page) {
  await page.goto(`${address}/w/${workspace}/data`);
  const element = page.getByTestId('item-grid');
  await element.locator('img').first().waitFor();
  await page.waitForLoadState('networkidle');
  await element.hover();
  await forget(page);
  for (let step = 0; step < 150; step += 1) {
    await page.mouse.wheel(0, step % 50 < 25 ? 400 : 4000);
    await page.waitForTimeout(16);
  }
  const { frames, tasks } = await kept(page);
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  await element.focus();
  await page.keyboard.press('End');
  await element.locator(`[data-index="${Number(items) - 1}"]`).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return {
    'grid: frame p95, ms': quantile(frames, 0.95),
    'grid: longest task, ms': Math.max(0, ...tasks),
    'grid: nodes': nodes,
    'grid: heap, MB': usedSize / MB,
  };
}

/** The results' figures do not matter here: only the map is looked at. */
const results = {
  attributes: {
    state: 'missing',
    items: 0,
    of: Number(items),
    analyzer_version: null,
    summary: {},
    flags: {},
  },
  embedding: {
    state: 'complete',
    encoder: 'descriptor',
    dim: 64,
    items: Number(items),
    of: Number(items),
    clusters: [],
    duplicates: { exact: 0, near: 0 },
    outliers: 0,
    semantic: false,
  },
};

/** In the page: the time from letting the pointer go to the frame that shows how many are selected. */
function untilSelected() {
  return new Promise((resolve) => {
    let released = 0;
    addEventListener(
      'pointerup',
      () => {
        released = performance.now();
      },
      { capture: true, once: true },
    );
    const look = () => {
      const shown = document.querySelector('[aria-live="polite"].dd-num')?.textContent ?? '';
      if (!released || !/^[1-9][\d,]* selected/.test(shown)) requestAnimationFrame(look);
      else requestAnimationFrame(() => resolve(performance.now() - released));
    };
    requestAnimationFrame(look);
  });
}

/** @param {import('@playwright/test').Page} page */
async function map(page) {
  await page.route('**/analysis/results*', (route) => route.fulfill({ json: results }));
  const bytes = page.waitForResponse((answer) => answer.url().includes('/embedding/map'), {
    timeout: 120_000,
  });
  await page.goto(`${address}/w/${workspace}/analysis?encoder=descriptor`);
  await (await bytes).finished();
  const begun = performance.now();
  const canvas = page.locator('canvas[data-drawn="all"]');
  await canvas.waitFor({ timeout: 120_000 });
  // what was asked of the software renderer is done when a pixel can be read
  await canvas.evaluate((element) => {
    const gl = /** @type {HTMLCanvasElement} */ (element).getContext('webgl2');
    gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  });
  const drawn = performance.now() - begun;
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the map has no place');
  /** @param {number} turn @returns {[number, number]} */
  const around = (turn) => [
    box.x + box.width / 2 + 180 * Math.cos(turn * 2 * Math.PI),
    box.y + box.height / 2 + 180 * Math.sin(turn * 2 * Math.PI),
  ];
  await page.keyboard.down('Shift'); // pans, whatever the tool
  await page.mouse.move(...around(0));
  await page.mouse.down();
  await forget(page);
  for (let step = 1; step <= 60; step += 1) {
    await page.mouse.move(...around(step / 60));
    await page.waitForTimeout(16);
  }
  await page.mouse.up();
  const { frames } = await kept(page);
  await page.keyboard.up('Shift');
  await page.locator('canvas[data-drawn="all"]').waitFor();
  await page.mouse.move(...around(0));
  await page.mouse.down();
  for (let step = 1; step <= 30; step += 1) await page.mouse.move(...around(step / 30));
  const lasso = page.evaluate(untilSelected);
  await page.mouse.up();
  return {
    'map: from its bytes to all points drawn, ms': drawn,
    'map: pan p95, ms': quantile(frames, 0.95),
    'map: lasso, ms': await lasso,
  };
}

const stats = await (await fetch(`${address}/api/workspace/${workspace}/data/stats`)).json();
/** The workspace has no repository, of which the service would ask. */
const record = {
  workspace_id: workspace,
  name: workspace,
  role: null,
  dataset_id: null,
  drift_report_id: null,
  task: 'detect',
  format: 'yolo',
  items: stats.items,
  splits: stats.splits,
  classes: Object.keys(stats.classes),
  snapshots: 0,
  experiments: 0,
  bytes: stats.bytes,
  created_at: '2026-01-01T00:00:00Z',
};
/** What the service would say after it has looked at every file. */
const untouched = {
  is_valid: true,
  checks: [],
  data_version: '',
  uncommitted_changes: { added: 0, removed: 0, modified: 0 },
  head: null,
  running_jobs: [],
};

const browser = await chromium.launch({ ...config.use?.launchOptions, headless: true });
const figures = {};
for (const measure of [firstRoute, grid, map]) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
  await page.addInitScript(watch);
  await page.route('**/status', (route) => route.fulfill({ json: { ...record, ...untouched } }));
  await page.route('**/api/workspaces*', (route) =>
    route.fulfill({ json: { workspaces: [record], next_cursor: null, total: 1 } }),
  );
  Object.assign(figures, await measure(page));
  await page.close();
}
await browser.close();
process.stdout.write(`${JSON.stringify(figures)}\n`);
