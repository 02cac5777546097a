// Measures the table of runs with thousands of rows: the longest task of the page's thread for each thing a person does with it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Page } from 'playwright';
import { preview } from 'vite';
import { builtLab } from '../scripts/builtLab.ts';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import { sealResultFile } from '../src/schema/resultFile.ts';
import { finishedResult } from '../tests/fixtures/finishedResult.ts';

// Run manually on a quiet machine: npx tsx bench/manyRuns.bench.ts [COUNT ...]
const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'bioner-runs-'));
const settleMs = 900;

/** A sealed result of as many runs, of several seeds and learning rates, each with other scores. */
function resultText(count: number): string {
  const { checksum: _one, runs: originals, ...members } = finishedResult();
  const [run] = originals;
  if (run === undefined) throw new Error('The result has no run.');
  const runs = Array.from({ length: count }, (_, index) => ({
    ...run,
    spec: { ...run.spec, id: index.toString(16).padStart(16, '0'), seed: (index * 7919) % 10_007 },
    elapsedMs: 1000 + ((index * 104_729) % 900_000),
    epochs: run.epochs.slice(0, 3),
    snapshots: run.snapshots.slice(-3),
    steps: run.steps.slice(0, 20),
  }));
  const descriptions = Object.fromEntries(runs.map(({ spec }, index) => [spec.id, { name: `look ${index}`, tags: [`group ${index % 9}`] }])); // prettier-ignore
  return JSON.stringify(sealResultFile({ ...members, runs, descriptions: { runs: descriptions, experiments: {} } }));
}

const actions: readonly (readonly [name: string, act: (page: Page) => Promise<void>])[] = [
  ['sort by seed', (page) => page.getByRole('button', { name: /^Seed/ }).click()],
  ['sort by name', (page) => page.getByRole('button', { name: /^Run( |$)/ }).click()],
  ['sort by test F1', (page) => page.getByRole('button', { name: /^Test F1/ }).click()],
  ['type in the filter', (page) => page.getByRole('searchbox').pressSequentially('look 12', { delay: 60 })],
  ['clear the filter', (page) => page.getByRole('searchbox').fill('')],
  [
    'filter by tag',
    async (page) => void (await page.getByRole('combobox', { name: 'Tag', exact: true }).selectOption('group 3')),
  ],
  ['any tag', async (page) => void (await page.getByRole('combobox', { name: 'Tag', exact: true }).selectOption(''))],
  ['select all', (page) => page.getByRole('button', { name: 'Select all finished runs' }).click()],
  ['select none', (page) => page.getByRole('button', { name: 'Select none' }).click()],
  ['next page', (page) => page.getByRole('button', { name: 'Next page' }).click()],
  [
    'scroll',
    async (page) => {
      for (let turn = 0; turn < 20; turn++) {
        await page.mouse.wheel(0, 400);
        await page.waitForTimeout(30);
      }
    },
  ],
];

/** Returns the longest task since the last call, in ms; 0 where none is longer than 50 ms, which is where browsers begin to report. */
const longestTask = (page: Page) =>
  page.evaluate(() => {
    const watched = globalThis as unknown as { longest: number };
    const { longest } = watched;
    watched.longest = 0;
    return longest;
  });

async function measured(page: Page, count: number): Promise<readonly string[]> {
  const file = path.join(folder, `${count}.result.json`);
  writeFileSync(file, resultText(count));
  await page.goto(`${address}?backend=wasm#/experiments`);
  await page.evaluate(() => {
    Object.assign(globalThis, { longest: 0 });
    new PerformanceObserver((list) => {
      const watched = globalThis as unknown as { longest: number };
      for (const { duration } of list.getEntries()) watched.longest = Math.max(watched.longest, duration);
    }).observe({ type: 'longtask' });
  });
  await page.getByLabel('Choose files').first().setInputFiles(file);
  await page.getByRole('link', { name: /./ }).filter({ hasText: finishedResult().plan.name }).first().click();
  await page.getByRole('table', { name: /^Runs/ }).waitFor();
  await page.waitForTimeout(3000);
  await longestTask(page);
  const times: string[] = [];
  for (const [, act] of actions) {
    await act(page);
    await page.waitForTimeout(settleMs);
    const longest = await longestTask(page);
    times.push(longest === 0 ? '< 50 ms' : `${Math.round(longest)} ms`);
  }
  return times;
}

const counts = process.argv.slice(2).map(Number);
const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
await builtLab(root);
const server = await preview({ root, preview: { host: '127.0.0.1', port: 0 }, logLevel: 'warn' });
const address = server.resolvedUrls?.local[0];
if (address === undefined) throw new Error('Vite did not tell its address');
const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
try {
  const sizes = counts.length > 0 ? counts : [1000, 5000];
  const columns: (readonly string[])[] = [];
  for (const count of sizes) {
    const context = await browser.newContext();
    columns.push(await measured(await context.newPage(), count));
    await context.close();
  }
  console.log(`| action | ${sizes.map((count) => `${count} runs`).join(' | ')} |`);
  console.log(`| --- | ${sizes.map(() => '---').join(' | ')} |`);
  for (const [index, [name]] of actions.entries()) {
    console.log(`| ${name} | ${columns.map((column) => column[index]).join(' | ')} |`);
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
