// Measures the page while very large files are dropped: longest task of its thread, memory, time, and how soon it ends when cancelled.
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { chromium, type Browser, type Page } from 'playwright';
import { preview } from 'vite';
import { builtLab } from '../scripts/builtLab.ts';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import { writeArchive } from '../src/data/import/archive.ts';
import { sealResultFile } from '../src/schema/resultFile.ts';
import { finishedResult } from '../tests/fixtures/finishedResult.ts';

// Run manually on a quiet machine: npx tsx bench/largeDrops.bench.ts [NAME ...]
const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'bioner-large-'));

/** How often memory is read, in milliseconds. */
const memoryEveryMs = 100;
/** Cancelling is tried this long after the drop. */
const cancelAfterMs = 1500;
const longestReadingMs = 240_000;

/** The name of each input, and what writes it. */
const inputs: Readonly<Record<string, (file: string) => Promise<void>>> = {
  'items.jsonl': (file) =>
    written(file, 1_000_000, (index) => `{"id":"${index}","text":"Moss ${index} causes leaf rot.","entities":[{"start":0,"end":4,"label":"Herb"}]}\n`), // prettier-ignore
  'abstracts.pubtator': (file) =>
    written(file, 100_000, (index) => {
      const title = `Leaf rot in moss ${index}.`;
      const text = 'Leaf rot follows the wet season, and no herb that was tried ends it before the frost. '.repeat(22);
      return `${index}|t|${title}\n${index}|a|${text}\n${index}\t0\t8\tLeaf rot\tDisease\tD${index}\n\n`;
    }),
  'folder.zip': async (file) => {
    const text = new TextEncoder().encode('Moss\tB-Herb\nheals\tO\nrot\tB-Disease\n\n'.repeat(20));
    const files = Array.from({ length: 10_000 }, (_, index) => ({ path: `many/part-${index}.tsv`, bytes: text }));
    writeFileSync(file, writeArchive(files));
    await Promise.resolve();
  },
  'runs.result.json': (file) =>
    Promise.resolve(writeFileSync(file, resultText({ runs: 5000, epochs: 10, points: 20 }))),
  'losses.result.json': (file) => Promise.resolve(writeFileSync(file, resultText({ runs: 1000, epochs: 1, points: 1000 }))), // prettier-ignore
};

/** A sealed result of as many runs, each with invented scores of these epochs and points of its loss. */
function resultText({ runs, epochs, points }: Readonly<Record<'runs' | 'epochs' | 'points', number>>): string {
  const { checksum: _one, runs: originals, ...members } = finishedResult();
  const [run] = originals;
  if (run === undefined) throw new Error('The result has no run.');
  const steps = Array.from({ length: points }, (_, index) => ({
    step: index + 1,
    epoch: index / 38,
    loss: 1 / (index + 1),
    learningRate: 1e-3,
    gradientNorm: 0.5,
    elapsedMs: 731 * index,
  }));
  const repeated = Array.from({ length: runs }, (_, index) => ({
    ...run,
    spec: { ...run.spec, id: index.toString(16).padStart(16, '0'), seed: index },
    epochs: run.epochs.slice(0, epochs),
    snapshots: run.snapshots.slice(-epochs),
    steps,
    step: points,
    totalSteps: points,
  }));
  return JSON.stringify(sealResultFile({ ...members, runs: repeated }));
}

async function written(file: string, count: number, textOf: (index: number) => string): Promise<void> {
  const stream = createWriteStream(file);
  for (let index = 0; index < count;) {
    let chunk = '';
    for (; index < count && chunk.length < 1 << 20; index++) chunk += textOf(index);
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}

/** Returns the memory of the browser's largest process, in bytes: the page with its Workers. */
async function largestProcessBytes(): Promise<number> {
  const pids = execFileSync('pgrep', ['-f', 'type=renderer'], { encoding: 'utf8' }).trim().split('\n');
  const sizes = pids.map(async (pid) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  });
  return Math.max(0, ...(await Promise.all(sizes)));
}

async function openedPage(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`the page: ${error.message}`));
  await page.goto(`${address}?backend=wasm`);
  await page.getByRole('link', { name: 'Library' }).first().click();
  await page
    .getByText('xlnet-bio-tiny')
    .first()
    .waitFor({ state: 'attached', timeout: 60_000 })
    .catch(() => undefined);
  await page.evaluate(() => {
    const longest = { ms: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
    }).observe({ type: 'longtask' });
    Object.assign(globalThis, { longest });
  });
  return page;
}

const longestTask = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { longest: { ms: number } }).longest.ms);
const reading = (page: Page) => page.locator('.job-label', { hasText: 'Reading' });

async function measured(browser: Browser, address: string, file: string): Promise<readonly string[]> {
  const page = await openedPage(browser, address);
  let peak = 0;
  const watch = setInterval(() => void largestProcessBytes().then((bytes) => (peak = Math.max(peak, bytes))), memoryEveryMs); // prettier-ignore
  const startedAt = performance.now();
  await page.getByLabel('Choose files').setInputFiles(file);
  await reading(page)
    .waitFor({ state: 'visible', timeout: 10_000 })
    .catch(() => undefined);
  await reading(page).waitFor({ state: 'hidden', timeout: longestReadingMs });
  const tookMs = performance.now() - startedAt;
  await page.waitForTimeout(3000); // What is read is drawn.
  clearInterval(watch);
  const longest = await longestTask(page);
  const notices = await page.locator('.notice').allInnerTexts();
  const heading = await page.locator('h1').innerText();
  await page.context().close();
  const outcome = notices.at(-1)?.replace(/\s+/gu, ' ').slice(0, 160) ?? `shows ${heading}`;
  return [`${Math.round(longest)} ms`, `${Math.round(peak / 1e6)} MB`, `${(tookMs / 1000).toFixed(1)} s`, outcome];
}

async function cancelledMs(browser: Browser, address: string, file: string): Promise<string> {
  const page = await openedPage(browser, address);
  await page.getByLabel('Choose files').setInputFiles(file);
  await page.waitForTimeout(cancelAfterMs);
  const startedAt = performance.now();
  const cancel = page.getByRole('button', { name: /^Cancel Reading/u });
  const wasRead = !(await cancel.isVisible());
  if (!wasRead) {
    await cancel.click();
    await reading(page).waitFor({ state: 'hidden', timeout: 10_000 });
  }
  const tookMs = performance.now() - startedAt;
  await page.context().close();
  return wasRead ? 'read before' : `${Math.round(tookMs)} ms`;
}

const wanted = process.argv.slice(2);
const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
await builtLab(root);
const server = await preview({ root, preview: { host: '127.0.0.1', port: 0 }, logLevel: 'warn' });
const address = server.resolvedUrls?.local[0];
if (address === undefined) throw new Error('Vite did not tell its address');
const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
try {
  console.log('| input | longest task | memory | time | outcome | cancelled in |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const [name, write] of Object.entries(inputs)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const file = path.join(folder, name);
    mkdirSync(folder, { recursive: true });
    await write(file);
    const cells = await measured(browser, address, file).catch((error: unknown) => [String(error)]);
    console.log(`| ${[name, ...cells, await cancelledMs(browser, address, file).catch(String)].join(' | ')} |`);
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
