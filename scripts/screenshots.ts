// Trains a plan on sample corpora in the built lab and photographs its views, for the documentation or all of them.
//   npm run screenshots                     writes the pictures that the documentation shows
//   npm run screenshots -- --all FOLDER [VIEW ...]     writes every view, or those named, at both widths and in both themes
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { chromium } from 'playwright';
import { preview } from 'vite';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { dropPaths, openLab, showView, visit } from '../tests/e2e/labActions.ts';
import { startPlan } from '../tests/e2e/planActions.ts';
import { builtLab } from './builtLab.ts';
import { chromiumFlags } from './chromiumFlags.ts';
import { findChromium } from './findChromium.ts';
import { labViews, settled, type Trained } from './screenshots/labViews.ts';

const root = path.resolve(import.meta.dirname, '..');
const pictures = path.join(root, 'docs/pictures');
const THEMES = ['light', 'dark'] as const;
const DESKTOP = { width: 1440, height: 900 };
/** Pictures of a documentation are read beside text: what is as wide as a screen would be too small there. */
const DOCS = { width: 1160, height: 800 };
const PHONE = { width: 390, height: 844 };
const QUALITY = 0.82;
/** All pictures of the documentation together. */
const MAX_BYTES = 1_500_000;
const TRAINED_WITHIN_MS = 400_000;

/** Two seeds, so that there is a spread; two epochs, so that there are curves; half of the sentences, so that it is soon done. */
function samplePlan(): PlanFile {
  const plan = JSON.parse(readFileSync(path.join(root, 'examples/sample.plan.json'), 'utf8')) as PlanFile;
  const config = { ...plan.config, epochs: 2 };
  return { ...plan, name: 'guide', slicingRates: [0, 0.5, 1], seeds: [1, 2], config };
}

/** The same tasks with another learning rate, so that it is another experiment, whose rates are searched. */
function searchPlan(): PlanFile {
  const { config, ...plan } = samplePlan();
  const search = { policy: 'top' as const, rungs: [1], finalists: 1, choose: 'rung' as const };
  return {
    ...plan,
    name: 'search',
    methods: ['MTL-LS'],
    seeds: [1],
    config: { ...config, learningRate: 8e-4 },
    search,
  };
}

/** Trains a plan until its experiment says that it is done; returns the address of that, which is open then. */
async function trainPlan(page: Page, plan: PlanFile, folder: string, done: RegExp): Promise<string> {
  const file = path.join(folder, `${plan.name}.plan.json`);
  await writeFile(file, JSON.stringify(plan));
  await visit(page, 'New');
  await dropPaths(page, file);
  await expect(page.getByLabel('Plan name')).toHaveValue(plan.name);
  await startPlan(page);
  await visit(page, 'Experiments');
  const rows = page.getByRole('table', { name: 'Experiments', exact: true }).getByRole('row');
  const hasStl = plan.methods.includes('STL');
  const row = rows.filter({ has: page.getByRole('link') }).filter(hasStl ? { hasText: 'STL' } : { hasNotText: 'STL' });
  await row.getByRole('link').first().click();
  await expect(page.getByRole('navigation', { name: 'Experiment', exact: true })).toBeVisible();
  const experiment = new URL(page.url()).hash;
  await expect(page.getByRole('main')).toContainText(done, { timeout: TRAINED_WITHIN_MS });
  return experiment;
}

async function train(page: Page, folder: string, withSearch: boolean): Promise<Trained> {
  const experiment = await trainPlan(page, samplePlan(), folder, /(\d+) of \1 runs finished/);
  await showView(page, 'Runs');
  const sliced = page.getByRole('main').getByRole('row').filter({ hasText: 'MTL-LS' });
  await sliced.first().getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('sample-disease');
  const run = new URL(page.url()).hash;
  const toErrors = page.getByRole('main').getByRole('link', { name: 'Errors', exact: true }).first();
  const subject = ((await toErrors.getAttribute('href')) ?? '').split('?')[1] ?? '';
  const search = withSearch ? await trainPlan(page, searchPlan(), folder, /Rate [\d.]+ is chosen/) : null;
  return { experiment, run, subject, search, folder };
}

/** Compresses pictures in a page without a policy: browsers write WebP, and nothing has to be installed. */
async function webp(canvas: Page, png: Buffer): Promise<Buffer> {
  const text = await canvas.evaluate(
    async ([base64, quality]) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const surface = new OffscreenCanvas(bitmap.width, bitmap.height);
      surface.getContext('2d')?.drawImage(bitmap, 0, 0);
      const blob = await surface.convertToBlob({ type: 'image/webp', quality });
      const bytes = new Uint8Array(await blob.arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    },
    [png.toString('base64'), QUALITY] as const,
  );
  return Buffer.from(text, 'base64');
}

const NOTHING_TRAINED: Trained = { experiment: '#/experiments', run: '#/experiments', subject: '', search: null, folder: '' }; // prettier-ignore

interface Shot {
  readonly size: { readonly width: number; readonly height: number };
  readonly folder: string;
  readonly suffix: string;
  readonly fullPage: boolean;
}

/** Photographs views one after the other in both themes, those of a lab in which nothing was trained where `trained` is null; returns what went wrong, by view. */
async function photograph(
  page: Page,
  canvas: Page,
  trained: Trained | null,
  names: readonly string[],
  shot: Shot,
): Promise<readonly string[]> {
  const failures: string[] = [];
  await mkdir(shot.folder, { recursive: true });
  await page.setViewportSize(shot.size);
  const ofState = labViews.filter(
    ({ name, isEmpty = false }) => names.includes(name) && isEmpty === (trained === null),
  );
  for (const view of ofState) {
    try {
      if (view.hasNotices !== true) await dismissNotices(page);
      await view.show(page, trained ?? NOTHING_TRAINED);
      // Where a link was clicked, a chart may show its values now.
      if (view.hasPointer !== true) await page.mouse.move(0, 0);
      if (view.hasNotices !== true) await dismissNotices(page);
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await settled(page);
        const png = await page.screenshot({ fullPage: shot.fullPage, animations: 'disabled' });
        const name = `${view.name}${shot.suffix}${theme === 'dark' ? '-dark' : ''}.webp`;
        await writeFile(path.join(shot.folder, name), await webp(canvas, png));
      }
    } catch (error) {
      failures.push(`${view.name}${shot.suffix}: ${error instanceof Error ? error.message.split('\n').slice(0, 6).join(' ') : String(error)}`); // prettier-ignore
    }
    await page.keyboard.press('Escape');
    await view
      .leave?.(page)
      .catch((error: unknown) => failures.push(`after ${view.name}${shot.suffix}: ${String(error)}`));
  }
  return failures;
}

async function dismissNotices(page: Page): Promise<void> {
  const dismiss = page.getByRole('button', { name: 'Dismiss notice' });
  while ((await dismiss.count()) > 0) await dismiss.first().click();
}

/** The views that the documentation shows, by the names of the pictures in its markdown. */
function picturesInDocs(): { readonly wide: readonly string[]; readonly narrow: readonly string[] } {
  const sources = [path.join(root, 'README.md'), ...markdownIn('docs'), ...markdownIn('docs/guide')];
  const texts = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const names = [...texts.matchAll(/pictures\/([\w-]+)\.webp\)/g)].map(([, name = '']) => name);
  const narrow = names.filter((name) => name.endsWith('-phone')).map((name) => name.slice(0, -'-phone'.length));
  return { wide: names.filter((name) => !name.endsWith('-phone')), narrow };
}

function markdownIn(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.md')).map((name) => path.join(root, folder, name)); // prettier-ignore
}

async function main(asked: readonly string[]): Promise<void> {
  const [option, into, ...wanted] = asked;
  const unknown = wanted.filter((name) => labViews.every((view) => view.name !== name));
  if (option !== undefined && (option !== '--all' || into === undefined)) throw new Error('Expected nothing, or --all FOLDER [VIEW ...].'); // prettier-ignore
  if (unknown.length > 0) throw new Error(`There is no view ${unknown.join(', ')}; there are ${labViews.map(({ name }) => name).join(', ')}.`); // prettier-ignore
  const startedMs = performance.now();
  const took = (): string => `${Math.round((performance.now() - startedMs) / 1000)} s`;
  await builtLab(root);
  const server = await preview({ root, logLevel: 'warn', preview: { port: 4790, strictPort: false } });
  const baseURL = server.resolvedUrls?.local[0];
  if (baseURL === undefined) throw new Error('The server has no address.');
  const executablePath = findChromium();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pictures-'));
  const browser = await chromium.launch({ args: [...chromiumFlags], ...(executablePath === undefined ? {} : { executablePath }) }); // prettier-ignore
  try {
    const context = await browser.newContext({ baseURL, viewport: DESKTOP, serviceWorkers: 'block' });
    const page = await context.newPage();
    const canvas = await browser.newPage();
    const failures: string[] = [];
    const all = labViews.map(({ name }) => name).filter((name) => wanted.length === 0 || wanted.includes(name));
    const photographAll = async (trained: Trained | null): Promise<void> => {
      for (const size of [DESKTOP, PHONE]) {
        const shot = { size, folder: path.resolve(into ?? ''), suffix: `-${size.width}`, fullPage: true };
        failures.push(...(await photograph(page, canvas, trained, all, shot)));
      }
      await page.setViewportSize(DESKTOP);
    };
    await openLab(page);
    if (into !== undefined) await photographAll(null);
    const trained = await train(page, folder, into !== undefined);
    console.log(`Trained after ${took()}.`);
    if (into !== undefined) await photographAll(trained);
    else {
      const { wide, narrow } = picturesInDocs();
      const shot = { folder: pictures, fullPage: false };
      failures.push(...(await photograph(page, canvas, trained, wide, { ...shot, size: DOCS, suffix: '' })));
      failures.push(...(await photograph(page, canvas, trained, narrow, { ...shot, size: PHONE, suffix: '-phone' })));
      const bytes = readdirSync(pictures).reduce(
        (sum, name) => sum + readFileSync(path.join(pictures, name)).length,
        0,
      );
      console.log(`${readdirSync(pictures).length} pictures in docs/pictures, ${Math.round(bytes / 1000)} kB.`);
      if (bytes > MAX_BYTES) failures.push(`The pictures take more than ${MAX_BYTES / 1000} kB.`);
    }
    console.log(`Done after ${took()}.`);
    if (failures.length > 0) throw new Error(`Not everything could be photographed:\n${failures.join('\n')}`);
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
