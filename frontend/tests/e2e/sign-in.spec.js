// @ts-check
import { expect, test } from '@playwright/test';
import { TOKEN } from './studio.js';

test('the address that is printed at the start signs in, once', async ({ browser }) => {
  const address = process.env.DDOC_READY_URL ?? '';
  const first = await (await browser.newContext()).newPage();
  await first.goto(address);
  await expect(first.getByRole('heading', { name: 'Has the data changed?' })).toBeVisible();
  await expect(first).not.toHaveURL(/code=/);
  const cookies = await first.context().cookies();
  expect(cookies.find((c) => c.name === 'ddoc_session')).toMatchObject({
    httpOnly: true,
    sameSite: 'Strict',
  });

  const second = await (await browser.newContext()).newPage();
  await second.goto(address);
  const field = second.getByLabel(/token/i).first();
  await expect(field).toBeVisible();
  await field.fill(TOKEN);
  await field.press('Enter');
  await expect(second.getByRole('heading', { name: 'Has the data changed?' })).toBeVisible();
});
