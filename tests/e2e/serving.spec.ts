// Proves that the served lab is isolated from other origins, and asks none of them for anything.
import { expect, test } from '@playwright/test';

test('the page is cross-origin isolated and loads from its own host alone', async ({ page, baseURL }) => {
  const hosts = new Set<string>();
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http')) hosts.add(host);
  });
  const response = await page.goto('/');
  expect(response?.headers()).toMatchObject({
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  await page.waitForLoadState('networkidle');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect([...hosts]).toEqual([new URL(baseURL ?? '').host]);
});
