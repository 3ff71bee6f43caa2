// @ts-check
import { expect } from '@playwright/test';

/** @typedef {import('@playwright/test').Page} Page */

export const TOKEN = process.env.DDOC_TOKEN ?? '';

/** Signs in as the settings page does, so that every later page has the cookie. @param {Page} page */
export async function signIn(page) {
  await page.goto('/drift');
  const status = await page.evaluate(async (token) => {
    const answer = await fetch('/api/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    return answer.status;
  }, TOKEN);
  expect(status).toBe(200);
  await page.goto('/drift');
}

/** @param {Page} page @param {'한국어' | 'English'} language */
export async function speak(page, language) {
  const button = page.getByRole('button', { name: language });
  if (await button.isVisible()) await button.click();
}

/**
 * Asks the API as the page would.
 * @param {Page} page
 * @param {string} path
 * @returns {Promise<any>}
 */
export const ask = (page, path) =>
  page.evaluate(async (address) => (await fetch(`/api${address}`)).json(), path);

/** Fails the test on what a user would find in the console. @param {Page} page */
export function collectErrors(page) {
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}
