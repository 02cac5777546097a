// Measures in Chromium how long an epoch's end of the built-in model keeps training waiting, for several ways to write it into IndexedDB, in alternation.
import path from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import { spreadOf, spreadText } from './benchReport.ts';
import type { EpochEnd } from './epochEndPage.ts';

// Run by hand: npx tsx bench/epochEnd.bench.ts [ROUNDS]
const rounds = Number(process.argv[2] ?? 7);
const root = path.resolve(import.meta.dirname, '..');

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
const server = await createServer({
  root,
  configFile: false,
  logLevel: 'warn',
  cacheDir: path.join(root, 'test-results', 'epoch-end-modules'),
  server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  // Known from the start, or Vite would find them while the page works and load the page again.
  optimizeDeps: { entries: ['bench/epochEndPage.ts'] },
});
await server.listen();
const address = server.resolvedUrls?.local[0];
if (address === undefined) throw new Error('Vite did not tell its address');
const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`the page: ${error.message}`));
  await page.goto(new URL('bench/epochEndPage.html', address).href);
  await page.waitForFunction(() => 'writeEpochEnds' in globalThis);
  const ends = (await page.evaluate(
    (count) => (globalThis as unknown as { writeEpochEnds(of: number): Promise<unknown> }).writeEpochEnds(count),
    rounds,
  )) as readonly EpochEnd[];
  console.log(`Chromium ${browser.version()}, ${rounds} rounds, median (least to most), milliseconds`);
  for (const way of new Set(ends.map((end) => end.way))) {
    const own = ends.filter((end) => end.way === way);
    const text = (of: (end: EpochEnd) => number): string => spreadText(spreadOf(own.map(of)));
    console.log(
      `${way}: training waits ${text((end) => end.lostMs)}, ${text((end) => end.copiedMs)} of it for copies; written after ${text((end) => end.writtenMs)}`,
    );
  }
} finally {
  await browser.close();
  await server.close();
}
