// Tags sentences in a page of another site, with nothing but an exported ONNX folder and onnxruntime-web.
import type { Browser } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { readArchive } from '../../src/data/import/archive.ts';

const runtimeFolder = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
/** Nothing listens there: every request is answered from files. */
const SITE = 'http://localhost:9';
const mimeTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** The tag of each token; `archive` is the zip that the page saved. Throws if the page logs an error. */
export async function tagsInPage(
  browser: Browser,
  archive: string,
  sentences: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> {
  const { files } = readArchive(new Uint8Array(await readFile(archive)), path.basename(archive));
  const exported = new Map(files.map((file) => [path.posix.basename(file.path), file.bytes]));
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.route('**/*', async (route) => {
    const { pathname } = new URL(route.request().url());
    const [folder, name = ''] = pathname.split('/').slice(1);
    const contentType = mimeTypes[path.extname(name)] ?? 'application/octet-stream';
    if (folder === '')
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Another site</title>' });
    const isRuntime = folder === 'runtime';
    const body = isRuntime
      ? await readFile(path.join(runtimeFolder, name))
      : folder === 'tagger'
        ? exported.get(name)
        : undefined;
    return body === undefined
      ? route.fulfill({ status: 404 })
      : route.fulfill({ contentType, body: Buffer.from(body) });
  });
  await page.goto(SITE);
  // Text, which Playwright does not compile: imports are those of the page.
  const tags = await page.evaluate<readonly (readonly string[])[]>(`(async () => {
    const ort = await import('/runtime/ort.wasm.min.mjs');
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = '/runtime/';
    const { openTagger } = await import('/tagger/tag.js');
    const tagger = await openTagger(ort, async (name) => (await fetch('/tagger/' + name)).arrayBuffer());
    return tagger.tag(${JSON.stringify(sentences)});
  })()`);
  await page.close();
  if (errors.length > 0) throw new Error(errors.join('; '));
  return tags;
}
