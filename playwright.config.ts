// The end-to-end tests: a person's way through the built lab, in Chromium, on the server that `npm start` starts.
import { defineConfig } from '@playwright/test';
import { chromiumFlags } from './scripts/chromiumFlags.ts';
import { findChromium } from './scripts/findChromium.ts';

const port = Number(process.env['E2E_PORT'] ?? 4179);
const executablePath = findChromium();

/** Marks tests of a minute and more in their titles' details: `test('…', { tag: '@lengthy' }, …)`. */
const LENGTHY = /@lengthy/;
const chromium = { browserName: 'chromium', viewport: { width: 1440, height: 900 } } as const;

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  timeout: 480_000,
  expect: { timeout: 15_000 },
  // A page waits more than it works; more of them at once would starve those that train.
  workers: 2,
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list'], ['json', { outputFile: process.env['PLAYWRIGHT_REPORT'] ?? 'test-results/e2e.json' }]],
  use: {
    baseURL: `http://localhost:${port}/`,
    headless: true,
    // Traces take 40 % of the time; to see a failure step by step: npx playwright test NAME --trace on
    // One that stores the lab for use offline would take the time of those that train; offline.spec.ts and wholeSession.spec.ts allow it.
    serviceWorkers: 'block',
    screenshot: 'only-on-failure',
    launchOptions: { args: [...chromiumFlags], ...(executablePath === undefined ? {} : { executablePath }) },
  },
  // The lengthy ones begin first: one that is left over at the end has a processor idle beside it.
  projects: [
    { name: 'lengthy', grep: LENGTHY, use: chromium },
    { name: 'brief', grepInvert: LENGTHY, use: chromium },
  ],
  webServer: {
    command: 'node --import tsx scripts/start.ts',
    url: `http://localhost:${port}/`,
    env: { PORT: String(port) },
    timeout: 180_000,
    reuseExistingServer: false,
  },
});
