// @ts-check
import { expect, test } from '@playwright/test';
import { ask, collectErrors, signIn, speak } from './studio.js';

const BASE = process.env.DDOC_BASE_ZIP ?? '';
const TARGET = process.env.DDOC_TARGET_ZIP ?? '';

test.describe.configure({ mode: 'serial' });
test.setTimeout(300_000);

/** @type {import('@playwright/test').Page} */
let page;
/** @type {string[]} */
let errors;
let target = '';

/** The target workspace that was made last; "" before there is one. */
async function newestTarget() {
  const { workspaces } = await ask(page, '/workspaces');
  return workspaces.find((/** @type {any} */ w) => w.role === 'target')?.workspace_id ?? '';
}

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await signIn(page);
  await speak(page, 'English');
  errors = collectErrors(page);
  target = await newestTarget();
});

test.afterAll(async () => {
  await page.close();
});

test('uploads both sides and finds out what changed', async () => {
  for (const [role, file] of /** @type {const} */ ([
    ['base', BASE],
    ['target', TARGET],
  ])) {
    const side = page.locator(`section[data-role=${role}]`);
    await side.locator('input[type=file]').setInputFiles(file);
    await expect(side.getByText(/364 images/)).toBeVisible({ timeout: 120_000 });
  }
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(/\/drift\/[^/?]+/, { timeout: 240_000 });
  await expect(page.getByText('Drift score').first()).toBeVisible({ timeout: 60_000 });
  for (const title of ['The images behind it', 'What changed in the images']) {
    await expect(page.getByRole('heading', { name: title })).toBeVisible();
  }
  await page.screenshot({ path: 'test-results/loop-drift.png', fullPage: true });
});

test('makes a workspace of each side', async () => {
  const { items } = await ask(page, '/drift?limit=1');
  await page.goto(`/drift/${items[0].report_id}`);
  await page.getByRole('button', { name: 'Create workspaces' }).click();
  await page.waitForURL(/\/w\/[^/]+\//, { timeout: 240_000 });
  const { workspaces } = await ask(page, '/workspaces?limit=2');
  expect(workspaces.map((/** @type {any} */ w) => w.role).sort()).toEqual(['base', 'target']);
  target = await newestTarget();
});

test('picks a range in a histogram of the report and goes on with its images', async () => {
  const { items } = await ask(page, '/drift?limit=1');
  await page.goto(`/drift/${items[0].report_id}`);
  const picker = page.getByRole('slider').first();
  await picker.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: "Work on the target's images" }).click();
  await page.waitForURL(new RegExp(`/w/${target}/data\\?attr=`));
  await expect(page.getByText(/^[1-9]\d* of 364$/)).toBeVisible({ timeout: 30_000 });
});

test('browses, filters in the address, and looks at boxes', async () => {
  await page.goto(`/w/${target}/data`);
  const grid = page.getByRole('grid', { name: 'Images' });
  await expect(grid.getByRole('gridcell').first()).toBeVisible({ timeout: 30_000 });
  await page.goto(`/w/${target}/data?split=val`);
  await expect(page.getByText('87 of 364')).toBeVisible({ timeout: 30_000 });
  await grid.getByRole('gridcell').first().dblclick();
  await expect(page.getByRole('button', { name: 'Next image' })).toBeVisible();
  await page.screenshot({ path: 'test-results/loop-detail.png' });
  await page.keyboard.press('Escape');
});

test('names a filter and comes back to it', async () => {
  await page.goto(`/w/${target}/data?split=val`);
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByLabel('Save this filter and order as').fill('Validation');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Validation', exact: true })).toBeVisible();
  await page.goto(`/w/${target}/data`);
  await expect(page.getByText('364 of 364')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('button', { name: 'Validation', exact: true }).click();
  await expect(page).toHaveURL(/split=val/);
  await expect(page.getByText('87 of 364')).toBeVisible({ timeout: 30_000 });
});

test('shows what another split would do, and changes nothing by looking', async () => {
  await page.goto(`/w/${target}/data`);
  await page.getByRole('button', { name: 'Curate' }).click();
  await page.getByRole('menuitem', { name: 'Divide anew…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/\d+ images move/)).toBeVisible({ timeout: 30_000 });
  await expect(dialog.getByRole('button', { name: 'Divide', exact: true })).toBeEnabled();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect((await ask(page, `/workspace/${target}/data/stats`)).splits.val).toBe(87);
});

test('moves what is selected and takes it back', async () => {
  await page.goto(`/w/${target}/data?split=val`);
  const grid = page.getByRole('grid', { name: 'Images' });
  await expect(grid.getByRole('gridcell').first()).toBeVisible({ timeout: 30_000 });
  await grid.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await expect(page.getByText('1 selected').first()).toBeVisible();
  await page.keyboard.press('Control+a');
  await expect(page.getByText('87 selected').first()).toBeVisible();
  await page.getByRole('button', { name: 'Move' }).first().click();
  await page.getByRole('menuitem', { name: 'test' }).click();
  await expect(page.getByText('87 images moved to test')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect
    .poll(async () => (await ask(page, `/workspace/${target}/data/stats`)).splits.val, {
      timeout: 30_000,
    })
    .toBe(87);
});

test('shows the analyses with histograms and the map', async () => {
  await page.goto(`/w/${target}/analysis`);
  await expect(page.getByText('364 of 364').first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('canvas').first()).toBeVisible({ timeout: 60_000 });
  await page.screenshot({ path: 'test-results/loop-analysis.png', fullPage: true });
});

test('samples what drifted most and looks before it applies', async () => {
  await page.goto(`/w/${target}/sampling`);
  await page
    .getByRole('radio', { name: /Random/ })
    .first()
    .click({ force: true });
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByText(/images of 364/).first()).toBeVisible({ timeout: 60_000 });
  await page.screenshot({ path: 'test-results/loop-sampling.png', fullPage: true });
});

test('takes a snapshot of an edit and shows the difference', async () => {
  await page.goto(`/w/${target}/snapshots`);
  const moved = await page.evaluate(async (id) => {
    const body = JSON.stringify({ filter: { split: 'val' }, target_split: 'holdout' });
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(`/api/workspace/${id}/data/move`, { method: 'POST', headers, body }))
      .status;
  }, target);
  expect(moved).toBe(200);
  await page.reload();
  await page.getByLabel('What changed, and why').fill('Held the validation images out');
  await page.getByLabel('Alias (optional)').fill('held-out');
  await page.getByRole('button', { name: 'Take snapshot' }).click();
  await expect(page.getByText('held-out').first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/moved/).first()).toBeVisible({ timeout: 60_000 });
  await page.screenshot({ path: 'test-results/loop-snapshots.png' });
});

test('trains on the snapshot and follows the run', async () => {
  await page.goto(`/w/${target}/experiments`);
  await page.getByRole('button', { name: 'From a template' }).click();
  await page.getByRole('menuitem', { name: /probe/i }).click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect
    .poll(
      async () =>
        (await ask(page, `/workspace/${target}/experiments`)).experiments[0]?.state ?? 'none',
      { timeout: 240_000, intervals: [1000] },
    )
    .toBe('succeeded');
  await page.reload();
  await expect(page.getByText('done').first()).toBeVisible({ timeout: 30_000 });
  await page.screenshot({ path: 'test-results/loop-experiments.png' });
});

test('restores the first version, with its effect shown first', async () => {
  await page.goto(`/w/${target}/snapshots?snapshot=v1`);
  await page.getByRole('button', { name: 'Restore', exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/files are written/)).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect
    .poll(async () => (await ask(page, `/workspace/${target}/data/stats`)).splits.val, {
      timeout: 60_000,
    })
    .toBe(87);
});

test('exports and says what the format could not hold', async () => {
  await page.goto(`/w/${target}/sampling`);
  await page.getByRole('button', { name: 'Export…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /COCO/ }).click();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByText('Download zip')).toBeVisible({ timeout: 60_000 });
});

test('measures again with the base as it is now: before and after', async () => {
  const { items } = await ask(page, '/drift?limit=1'); // other tests may have left older ones
  const first = items[0].report_id;
  await page.goto(`/drift/${first}`);
  await page.getByRole('button', { name: 'Measure again with the base workspace' }).click();
  await page.waitForURL(new RegExp(`before=${first}`), { timeout: 240_000 });
  await expect(page.getByText(/Drift is as before/)).toBeVisible({ timeout: 60_000 });
});

test('keeps the base as a guard, which the target fails', async () => {
  await page.goto('/drift');
  const guards = page.getByRole('region', { name: 'Guards' });
  const option = page.locator('[role=option]:visible');
  await guards.getByRole('button', { name: 'New guard' }).click();
  await guards.getByLabel('Name').fill('Line 3');
  await guards.getByRole('combobox', { name: 'Base dataset' }).click();
  await option.filter({ hasText: 'bccd-voc' }).first().click();
  await guards.getByRole('button', { name: 'Save', exact: true }).click();
  const row = guards.getByRole('row', { name: /Line 3/ }).first();
  await expect(row).toBeVisible({ timeout: 120_000 });
  await row.getByRole('combobox').click();
  await option.filter({ hasText: '목표' }).first().click();
  await row.getByRole('button', { name: 'Check', exact: true }).click();
  await page.waitForURL(/\/drift\/[^/?]+/, { timeout: 240_000 });
  await expect(page.getByRole('heading', { name: 'What the guard says' })).toBeVisible();
  await expect(page.getByText('fail', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('img', { name: 'Failing image 1', exact: true })).toBeVisible();
});

test('left no error in the console', async () => {
  expect(errors).toEqual([]);
});
