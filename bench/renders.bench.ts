// Counts what React renders for a training step, page by page, on the modules as they are served to a developer.
import path from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import type { Redraws } from '../tests/fixtures/redraws.ts';
import type { PageRenders } from './rendersPage.ts';

// Run by hand: npx tsx bench/renders.bench.ts [--names]
const EPOCHS = 5;
const root = path.resolve(import.meta.dirname, '..');
const withNames = process.argv.includes('--names');

function mean(redraws: readonly Redraws[], of: (one: Redraws) => number): number {
  return redraws.reduce((sum, one) => sum + of(one), 0) / redraws.length;
}

function components({ components: counts }: Redraws): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** At most two decimals, and none where they are zero. */
function number(value: number): string {
  return String(Math.round(100 * value) / 100);
}

/** Components with how often the last step rendered them, the most frequent first. */
function namesOf(redraws: readonly Redraws[]): string {
  return Object.entries(redraws.at(-1)?.components ?? {})
    .sort(([, left], [, right]) => right - left)
    .map(([name, count]) => (count === 1 ? name : `${name} ${count}`))
    .join(', ');
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
const server = await createServer({
  root,
  configFile: false,
  logLevel: 'warn',
  cacheDir: path.join(root, 'test-results', 'render-modules'),
  server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  // Known from the start, or Vite would find them while the page works and load the page again.
  optimizeDeps: { entries: ['bench/rendersPage.ts'] },
});
await server.listen();
const address = server.resolvedUrls?.local[0];
if (address === undefined) throw new Error('Vite did not tell its address');
const browser = await chromium.launch({ executablePath, args: [...chromiumFlags] });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => console.error(`the page: ${error.message}`));
  await page.goto(new URL('bench/rendersPage.html', address).href);
  await page.waitForFunction(() => 'countRenders' in globalThis);
  const counted = (await page.evaluate(
    (epochs) => (globalThis as unknown as { countRenders(of: number): Promise<unknown> }).countRenders(epochs),
    EPOCHS,
  )) as readonly PageRenders[];
  console.log('| page | renders a step | components a step | ms a step | components an epoch’s end |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const { page: name, steps, epochs } of counted) {
    const cells = [
      name,
      number(mean(steps, ({ renders }) => renders)),
      number(mean(steps, components)),
      number(mean(steps, ({ renderMs }) => renderMs)),
      number(mean(epochs, components)),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  if (withNames) for (const { page: name, steps } of counted) console.log(`\n${name}: ${namesOf(steps)}`);
} finally {
  await browser.close();
  await server.close();
}
