// Proves that bioner-tagger finds in a static page and in its Worker what it finds in Node, and that a tagger saved as a page works from disk.
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isolationHeaders } from '../../scripts/isolationHeaders.ts';
import { writeSharedPage } from '../../scripts/package/sharedPage.ts';
import { writeTaggerPackage } from '../../scripts/package/taggerPackage.ts';
import { open } from '../../src/tagger/bionerTagger.ts';
import type { TaggedDocument } from '../../src/tagger/taggerTypes.ts';
import { inventedAbstracts, shippedTaggerFiles } from '../fixtures/inventedAbstracts.ts';
import { download } from './labActions.ts';
import { test } from './labPage.ts';

const texts = [...inventedAbstracts(100)].map(({ id, text }) => ({ id, text }));
/** Runs in the page and in the Worker alike. */
const tagAll = `import { open } from '/package/index.js';
export async function tagAll(texts) {
  const tagger = await open(new URL('/model/', self.location.href));
  const documents = [];
  for await (const document of tagger.tag(texts)) documents.push(document);
  const { device, backend } = tagger;
  tagger.close();
  return { documents, device, backend };
}`;
const worker = `import { tagAll } from '/tagAll.js';
self.onmessage = async ({ data }) => self.postMessage(await tagAll(data));`;
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json' }; // prettier-ignore

let folder = '';
let server: Server;
let address = '';
let expected: readonly TaggedDocument[] = [];

test.describe.configure({ mode: 'serial' });
test.beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tagger-page-'));
  await mkdir(path.join(folder, 'model'));
  const files = shippedTaggerFiles();
  for (const [name, bytes] of files) await writeFile(path.join(folder, 'model', name), bytes);
  await writeTaggerPackage(path.join(folder, 'package'));
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><title>Page</title><link rel="icon" href="data:,">'); // prettier-ignore
  await writeFile(path.join(folder, 'tagAll.js'), tagAll);
  await writeFile(path.join(folder, 'worker.js'), worker);
  const tagger = await open(files, { threads: 1 });
  const documents: TaggedDocument[] = [];
  for await (const document of tagger.tag(texts)) documents.push(document);
  tagger.close();
  expected = documents;
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    const isIsolated = searchParams.has('isolated') || request.headers.referer?.includes('isolated') === true;
    const name = pathname === '/' ? 'index.html' : pathname;
    readFile(path.join(folder, name)).then(
      (bytes) => {
        const type = types[path.extname(name)] ?? 'application/octet-stream';
        response.writeHead(200, { 'Content-Type': type, ...(isIsolated ? isolationHeaders : {}) }).end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
test.afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Found {
  readonly documents: readonly TaggedDocument[];
  readonly device: string;
  readonly backend: string;
}

function expectSame({ documents }: Found): void {
  const spans = ({ id, mentions }: TaggedDocument) => [id, ...mentions.map(({ type, start, end, text }) => [type, start, end, text])]; // prettier-ignore
  expect(documents.map(spans)).toEqual(expected.map(spans));
  const differences = documents.flatMap(({ mentions }, index) => mentions.map(({ probability }, at) => Math.abs(probability - (expected[index]?.mentions[at]?.probability ?? NaN)))); // prettier-ignore
  expect(Math.max(...differences)).toBeLessThan(1e-5);
}

const inPage = (page: Page): Promise<Found> =>
  page.evaluate(async (asked) => {
    const { tagAll: run } = (await import('/tagAll.js' as string)) as { tagAll: (texts: unknown) => Promise<Found> };
    return run(asked);
  }, texts);

const inWorker = (page: Page): Promise<Found> =>
  page.evaluate(
    (asked) =>
      new Promise<Found>((resolve, reject) => {
        const started = new Worker('/worker.js?isolated', { type: 'module' });
        started.onmessage = ({ data }) => resolve(data as Found);
        started.onerror = ({ message }) => reject(new Error(message));
        started.postMessage(asked);
      }),
    texts,
  );

test('100 documents are tagged in a static page, and on threads in the Worker of an isolated one', async ({
  page,
  allowedOrigins,
}) => {
  allowedOrigins.add(new URL(address).origin);
  await page.goto(address);
  const found = await inPage(page);
  expect(found).toMatchObject({ backend: 'wasm', device: expect.stringMatching(/^1 thread /) });
  expectSame(found);
  await page.goto(`${address}?isolated`);
  const threaded = await inWorker(page);
  expect(threaded.device).toMatch(os.availableParallelism() > 2 ? /^\d+ threads / : /^1 thread /);
  expectSame(threaded);
});

test('a tagger saved as a page tags from disk, without a network', async ({ browser }, info) => {
  const saved = info.outputPath('tagger.html');
  await writeSharedPage(path.join(folder, 'model'), saved, 'A <b>tagger</b>');
  await tagsFromDisk(await browser.newContext({ offline: true, colorScheme: 'dark', viewport: { width: 390, height: 844 } }), saved); // prettier-ignore
});

test('the lab saves its shipped tagger as such a page', async ({ page, browser }, info) => {
  // A picker waits for a person.
  await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await page.goto('/');
  const panel = page.getByRole('region', { name: 'Type a sentence, see its entities' });
  await expect(panel.locator('mark').first()).toBeVisible({ timeout: 30_000 });
  await panel.getByRole('link', { name: 'Tag more text' }).click();
  await page.locator('summary').filter({ hasText: 'Share this tagger' }).click();
  const saved = await download(page, info, () => page.getByRole('button', { name: 'Save tagger as a page' }).click());
  await tagsFromDisk(await browser.newContext(), saved.path);
});

async function tagsFromDisk(context: BrowserContext, saved: string): Promise<void> {
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => {
    // Chromium says so by itself where there is no GPU.
    if (message.text() !== 'No available adapters.') troubles.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) troubles.push(request.url());
  });
  await page.goto(pathToFileURL(saved).href);
  await expect(page.getByRole('status')).toHaveText(/^\d+ mentions in /, { timeout: 60_000 });
  await page.getByLabel('Text').fill('Tamoxifen reduces the risk of breast cancer in mice.');
  await page.getByRole('button', { name: 'Tag' }).click();
  await expect(page.getByRole('row', { name: /^Tamoxifen Chemical 0–9/ })).toBeVisible();
  await expect(page.locator('mark')).toContainText(['Tamoxifen']);
  await expect(page.getByText(/CC BY 4\.0\. .*BC5CDR.*Crichton/)).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
  expect(troubles).toEqual([]);
  await context.close();
}
