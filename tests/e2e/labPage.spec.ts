// Proves that the watch over the end-to-end tests' pages sees what it is there to see, in a page and in its Worker.
import { expect, test } from '@playwright/test';
import { watchContext } from './labPage.ts';

// The noise is what the page's own policy would refuse.
test.use({ bypassCSP: true });

const noise = `
  console.info('quiet');
  console.warn('a warning');
  console.error('an error');
  fetch('http://127.0.0.1:9/elsewhere').catch(() => {});
  setTimeout(() => { throw new Error('nobody catches this'); });
`;
const seen = [
  expect.stringContaining('console warning: a warning'),
  expect.stringContaining('console error: an error'),
  expect.stringContaining('request: http://127.0.0.1:9/elsewhere'),
  expect.stringContaining('nobody catches this'),
];

test('a visit to the lab alone is no trouble', async ({ page, context, baseURL }) => {
  const troubles = watchContext(context, baseURL);
  await page.goto('/');
  await page.evaluate(() => fetch(URL.createObjectURL(new Blob(['ours']))));
  expect(troubles).toEqual([]);
});

test('noise and a foreign request of a page are troubles', async ({ page, context, baseURL }) => {
  const troubles = watchContext(context, baseURL);
  await page.goto('/');
  await page.evaluate(noise);
  await expect.poll(() => troubles).toEqual(expect.arrayContaining(seen));
  expect(troubles.join()).not.toContain('quiet');
});

test('a request to an allowed origin is no trouble, to any other it is', async ({ page, context, baseURL }) => {
  const troubles = watchContext(context, baseURL, new Set(['http://127.0.0.1:9']));
  await page.goto('/');
  await page.evaluate(`for (const port of [9, 19]) fetch('http://127.0.0.1:' + port + '/elsewhere').catch(() => {})`);
  await expect.poll(() => troubles).toContain('request: http://127.0.0.1:19/elsewhere');
  expect(troubles.join()).not.toContain('request: http://127.0.0.1:9/');
});

test('noise and a foreign request of a Worker are troubles', async ({ page, context, baseURL }) => {
  const troubles = watchContext(context, baseURL);
  await page.goto('/');
  await page.evaluate((script) => void new Worker(URL.createObjectURL(new Blob([script]))), noise);
  await expect.poll(() => troubles).toEqual(expect.arrayContaining(seen));
});
