// Proves, on a folder served without any header, that the lab isolates itself, trains on threads of wasm and offline, and is not replaced while it trains.
import { expect, type Page } from '@playwright/test';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { lastPoint, notices, runActions, waitUntilReady } from './labActions.ts';
import { test } from './labPage.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/** A host that knows types of files and nothing else, such as GitHub Pages, with the lab in a folder. */
class PlainHost {
  readonly asked: string[] = [];
  #server: Server | null = null;
  #port = 0;
  /** Gives other bytes for a file of the lab. */
  readonly changed = new Map<string, string>();

  get address(): string {
    return `http://localhost:${this.#port}/lab/`;
  }

  async open(): Promise<void> {
    this.#server = createServer(({ url = '' }, response) => {
      const { pathname } = new URL(url, 'http://localhost');
      this.asked.push(pathname);
      const name = pathname.replace(/^\/lab\/(?=.)/, '').replace(/^\/lab\/$/, 'index.html');
      response.setHeader('Content-Type', types[path.extname(name)] ?? 'application/octet-stream');
      const content = this.changed.get(name);
      (content === undefined ? readFile(path.join('dist', name)) : Promise.resolve(content)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Puts another version of the lab there, whose page carries a mark. */
  async deploy(mark: string): Promise<void> {
    const page = await readFile('dist/index.html', 'utf8');
    const service = await readFile('dist/sw.js', 'utf8');
    const marked = page.replace('<title>', `<meta name="deployed" content="${mark}" /><title>`);
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
    expect(service).toContain(digest(page));
    const [, version = ''] = /version\W+(\w{16})/.exec(service) ?? [];
    this.changed.set('index.html', marked);
    this.changed.set('sw.js', service.replace(digest(page), digest(marked)).replaceAll(version, digest(mark)));
  }
}

/** The entries of every cache of the page, as paths. */
function cached(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    }
    return found;
  });
}

/** Opens the start of the documentation by its folder, beside the lab; returns the width of its first picture, 0 if it is missing. */
async function pictureOfGuide(page: Page, host: PlainHost): Promise<number> {
  const guide = await page.context().newPage();
  await guide.goto(`${host.address}docs/`);
  const picture = guide.getByRole('main').getByRole('img').first();
  await picture.scrollIntoViewIfNeeded();
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.complete)).toBe(true);
  const width = await picture.evaluate((image: HTMLImageElement) => image.naturalWidth);
  await guide.close();
  return width;
}

/** Mentions of the text on New, which is tagged as it is typed. */
const liveMentions = (page: Page) => page.getByRole('region', { name: /^Type a sentence/ }).locator('mark');

const step = async (page: Page): Promise<number> => (await lastPoint(page)).step;

test.use({ serviceWorkers: 'allow' });

test('a plain folder is isolated, trains and tags offline, and a new version waits for the run to end', async ({
  page,
  allowedOrigins,
}) => {
  const host = new PlainHost();
  await host.open();
  allowedOrigins.add(new URL(host.address).origin);
  let reloads = -1;
  page.on('load', () => reloads++);

  await test.step('it is isolated after one reload, and wasm has threads', async () => {
    await page.goto(`${host.address}?backend=wasm`);
    await waitUntilReady(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(reloads).toBe(1);
    const threads = page.workers().filter((worker) => worker.url().includes('wasmThread'));
    expect(threads.length).toBeGreaterThan(1);
    await expect(liveMentions(page).first()).toBeVisible({ timeout: 30_000 });
    // Headers that the host does not send reach the Workers, too.
    for (const worker of page.workers()) expect(await worker.evaluate(async () => (await fetch('https://example.org').catch(() => null)) === null)).toBe(true); // prettier-ignore
  });

  await test.step('everything it needs is stored, and nothing else', async () => {
    await expect.poll(() => cached(page)).toContain('/lab/'); // the mark of a whole version
    const stored = await cached(page);
    expect(stored.filter((file) => /training\.worker|analysis\.worker|threaded-simd|AnalysePage/.test(file)).length).toBeGreaterThan(3); // prettier-ignore
    expect(stored.filter((file) => !/^\/lab\/($|index\.html|assets\/|docs\/|corpora\/|models\/|taggers\/|[\w-]+\.(png|webmanifest)$)/.test(file))).toEqual([]); // prettier-ignore
  });

  await test.step('browsers may install it', async () => {
    const devtools = await page.context().newCDPSession(page);
    const { errors, url } = await devtools.send('Page.getAppManifest');
    expect({ errors, url }).toEqual({ errors: [], url: `${host.address}manifest.webmanifest` });
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    // The profiles of tests are private windows, from which nothing is installed.
    expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
    await devtools.detach();
  });

  await test.step('the documentation opens beside it', async () => {
    expect(await pictureOfGuide(page, host)).toBeGreaterThan(0);
  });

  await host.close();
  await test.step('without the host it opens again and trains', async () => {
    await page.reload();
    await waitUntilReady(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await expect(notices(page).getByRole('paragraph')).toHaveCount(0);
    await page.getByRole('textbox', { name: 'Text to tag as you type' }).fill('Metformin is given for diabetes.');
    await expect(liveMentions(page).filter({ hasText: 'diabetes' })).toBeVisible({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Train on a sample' }).click();
    await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(2);
  });

  await test.step('without the host the documentation opens beside it, with the pictures that were seen', async () => {
    expect(await pictureOfGuide(page, host)).toBeGreaterThan(0);
    const unread = await page.context().newPage();
    await unread.goto(`${host.address}docs/annotations.html`);
    await expect(unread.getByRole('heading', { level: 1 })).toHaveText('Bring your annotations');
    await unread.close();
  });

  await test.step('a new version does not replace the page while it trains', async () => {
    await host.deploy('second');
    await host.open();
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    const waits = () => page.evaluate(async () => (await navigator.serviceWorker.ready).waiting?.state ?? null);
    await expect.poll(waits).toBe('installed');
    const before = await step(page);
    await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(before);
    await expect(page.getByRole('button', { name: 'Reload with it' })).toHaveCount(0);
    expect(reloads).toBe(2);
  });

  await test.step('it is offered when nothing trains, and opens with what was stored', async () => {
    await runActions(page).getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Reload with it' }).click();
    await expect(page.locator('meta[name=deployed]')).toHaveAttribute('content', 'second');
    await expect(runActions(page)).toBeVisible();
    expect(reloads).toBe(3);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  });

  await test.step('an address ends the service worker', async () => {
    await page.goto(`${host.address}?service-worker=off`);
    await expect(page.getByRole('button', { name: 'Train on a sample' })).toBeVisible();
    const left = () =>
      page.evaluate(async () => [
        (await navigator.serviceWorker.getRegistrations()).length,
        (await caches.keys()).length,
      ]);
    // The page does not wait for it.
    await expect.poll(left).toEqual([0, 0]);
  });
  await host.close();
});
