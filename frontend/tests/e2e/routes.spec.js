// @ts-check
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { ask, signIn, speak } from './studio.js';

const LANGUAGES = /** @type {const} */ ([
  ['ko', '한국어'],
  ['en', 'English'],
]);
const SCHEMES = /** @type {const} */ (['light', 'dark']);
const IMPACTS = ['serious', 'critical'];
const ROUTES = [
  '/drift',
  '/drift/:report',
  '/w',
  ...['data', 'analysis', 'sampling', 'experiments', 'snapshots'].map(
    (tab) => `/w/:workspace/${tab}`,
  ),
  ...['quality', 'split', 'recipe'].map((tool) => `/w/:workspace/data?tool=${tool}`),
  '/w/:workspace/snapshots?view=lineage',
  '/jobs',
  '/settings',
];

// A trace would record every page forty times over.
test.use({ trace: 'off' });
test.setTimeout(120_000);

/** @type {import('@playwright/test').Page} */
let page;
let places = { report: '', workspace: '' };

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await signIn(page);
  const { workspaces } = await ask(page, '/workspaces');
  const { items: reports } = await ask(page, '/drift');
  places = { report: reports[0].report_id, workspace: workspaces[0].workspace_id };
});

test.afterAll(async () => {
  await page.close();
});

for (const [number, route] of ROUTES.entries()) {
  test(`${route} is accessible in both languages and themes`, async () => {
    const address = route.replace(':report', places.report).replace(':workspace', places.workspace);
    // Where the address opens a dialog, the language can only be changed before it does.
    const [path = '', query] = address.split('?');
    for (const [language, name] of LANGUAGES) {
      await page.goto(path);
      await expect(page.locator('main')).toBeVisible();
      await speak(page, name);
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      if (query) await page.goto(address);
      for (const scheme of SCHEMES) {
        await page.emulateMedia({ colorScheme: scheme });
        await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', scheme);
        await expect(page.locator('.mantine-Skeleton-root')).toHaveCount(0, { timeout: 30_000 });
        await page.screenshot({ path: `test-results/route-${number}-${language}-${scheme}.png` });
        expect(await findings(), `${address}, ${language}, ${scheme}`).toEqual([]);
      }
    }
  });
}

/** What axe finds serious. The legacy mode spares a page of its own for every look. */
async function findings() {
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .analyze();
  return violations
    .filter(({ impact }) => IMPACTS.includes(impact ?? ''))
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}
