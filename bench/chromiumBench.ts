// Measures in a page in Chromium: the same modules, served by Vite, on the browser's WebGPU.
import path from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import { isolationHeaders } from '../scripts/isolationHeaders.ts';
import { taggerModule } from '../workers/bundledModule.ts';
import type { BenchHome, BenchReport, BenchRequest } from './benchReport.ts';

const root = path.resolve(import.meta.dirname, '..');
/** Timestamps are otherwise rounded to 0.1 ms, longer than many launches take. */
const FLAGS = ['--disable-dawn-features=timestamp_quantization', '--enable-webgpu-developer-features'];

/** Throws Error if there is no Chromium, and what the page throws. */
export async function runChromiumBench(
  request: BenchRequest,
  home: Omit<BenchHome, 'gpu'>,
): Promise<{ readonly report: BenchReport; readonly runtime: string }> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [taggerModule()],
    cacheDir: path.join(root, 'test-results', 'bench-modules'),
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, headers: isolationHeaders },
    // List them in advance: Vite would discover them during the measurement and reload the page.
    optimizeDeps: {
      entries: ['bench/benchPage.ts', 'bench/bench.worker.ts'],
      include: ['@tensorflow/tfjs-backend-webgpu'],
    },
  });
  await server.listen();
  const address = server.resolvedUrls?.local[0];
  if (address === undefined) throw new Error('Vite did not tell its address');
  const browser = await chromium.launch({ executablePath, args: [...chromiumFlags, ...FLAGS] });
  try {
    const page = await browser.newPage();
    await page.exposeFunction('sayBench', home.say);
    await page.exposeFunction('runTorch', home.torch);
    await page.exposeFunction('othersMs', home.othersMs ?? (() => null));
    page.on('pageerror', (error) => home.say(`the page: ${error.message}`));
    await page.goto(new URL('bench/benchPage.html', address).href);
    await page.waitForFunction(() => 'benchHere' in globalThis);
    const report = await page.evaluate(
      (asked) => (globalThis as unknown as { benchHere(one: unknown): Promise<unknown> }).benchHere(asked),
      request,
    );
    return { report: report as BenchReport, runtime: `Chromium ${browser.version()}` };
  } finally {
    await browser.close();
    await server.close();
  }
}
