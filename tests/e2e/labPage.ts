// The test that every end-to-end specification extends: its pages are watched, and noise on the console or a request to another origin fails it.
import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';

interface LabFixtures {
  /** Other origins that the pages of a test may ask; a test adds to it what it serves itself. */
  readonly allowedOrigins: Set<string>;
  /** A page in a second browser profile that has never seen the lab, watched as the first one is. */
  readonly elsewhere: Page;
}

/**
 * Collects, from the pages of a context and their Workers, every console error and warning, uncaught error, crash, and request to
 * an origin that is neither the lab's nor allowed. The page's blobs and data addresses go to no host. The list grows while the context lives.
 */
export function watchContext(
  context: BrowserContext,
  baseURL: string | undefined,
  allowedOrigins: ReadonlySet<string> = new Set(),
): readonly string[] {
  if (baseURL === undefined) throw new Error('The Playwright configuration names no baseURL.');
  const { origin } = new URL(baseURL);
  const troubles: string[] = [];
  context.on('console', (message) => {
    if (!['error', 'warning', 'assert'].includes(message.type())) return;
    // Playwright says so where the configuration blocks them.
    if (message.text() === 'Service Worker registration blocked by Playwright') return;
    const { url, lineNumber } = message.location();
    troubles.push(`console ${message.type()}: ${message.text()} (${url}:${lineNumber})`);
  });
  context.on('weberror', (error) => troubles.push(`uncaught: ${error.error().message}`));
  context.on('request', (request) => {
    const address = new URL(request.url());
    if (address.protocol === 'data:' || address.origin === origin || allowedOrigins.has(address.origin)) return;
    troubles.push(`request: ${request.url()}`);
  });
  context.on('page', (page) => page.on('crash', () => troubles.push('crash: the page is gone')));
  return troubles;
}

export const test = base.extend<LabFixtures>({
  allowedOrigins: async ({}, use) => use(new Set()),
  context: async ({ context, baseURL, allowedOrigins }, use) => {
    const troubles = watchContext(context, baseURL, allowedOrigins);
    await use(context);
    expect(troubles).toEqual([]);
  },
  elsewhere: async ({ browser, baseURL }, use) => {
    const context = await browser.newContext();
    const troubles = watchContext(context, baseURL);
    await use(await context.newPage());
    expect(troubles).toEqual([]);
    await context.close();
  },
});
