// @ts-check
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { ask, signIn } from './studio.js';

const LANGUAGES = /** @type {const} */ (['ko', 'en']);
const SCHEMES = /** @type {const} */ (['light', 'dark']);
test.setTimeout(300_000);

for (const language of LANGUAGES) {
  for (const scheme of SCHEMES) {
    test(`every route is accessible: ${language}, ${scheme}`, async ({ browser }) => {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        colorScheme: scheme,
        locale: language === 'ko' ? 'ko-KR' : 'en-US',
      });
      const page = await context.newPage();
      await signIn(page);
      const { workspaces } = await ask(page, '/workspaces');
      const { items: reports } = await ask(page, '/drift');
      const id = workspaces[0].workspace_id;
      const routes = [
        '/drift',
        `/drift/${reports[0].report_id}`,
        '/w',
        ...['data', 'analysis', 'sampling', 'experiments', 'snapshots'].map(
          (tab) => `/w/${id}/${tab}`,
        ),
        '/jobs',
        '/settings',
      ];
      /** @type {string[]} */
      const found = [];
      for (const [number, route] of routes.entries()) {
        await page.goto(route);
        await expect(page.locator('main, [role=main]').first()).toBeVisible({ timeout: 30_000 });
        await expect(page.locator('.mantine-Skeleton-root')).toHaveCount(0, { timeout: 30_000 });
        await page.screenshot({ path: `test-results/route-${language}-${scheme}-${number}.png` });
        const { violations } = await new AxeBuilder({ page }).analyze();
        for (const violation of violations.filter((v) =>
          ['serious', 'critical'].includes(v.impact ?? ''),
        )) {
          found.push(
            `${route}: ${violation.id}: ${violation.nodes.map((n) => n.target.join(' ')).join(', ')}`,
          );
        }
        await expect(page.locator('html')).toHaveAttribute('lang', language);
      }
      expect(found).toEqual([]);
      await context.close();
    });
  }
}
