// Proves that a whole session over material written to do harm asks for the lab's own files alone, runs none of that material and makes no element of it.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, type Page, type TestInfo } from '@playwright/test';
import { sealResultFile } from '../../src/schema/resultFile.ts';
import { writeResultLink } from '../../src/ui/share/OpenPage.tsx';
import { finishedResult } from '../fixtures/finishedResult.ts';
import { download, dropPaths, notices, openLab, places, runActions, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { tagsInPage } from './onnxPage.ts';
import { planPanel } from './planActions.ts';

/** A name of files, corpora and runs, a type, and tokens; any that becomes markup or runs leaves `hacked` behind. */
const name = '<img src=x onerror=hacked=1>';
const type = '"><svg/onload=hacked=1>&lt;b&gt;';
const tokens = [
  '<script>hacked=1</script>',
  '<iframe srcdoc="<script>parent.hacked=1</script>">',
  'javascript:hacked=1',
  '{{constructor.constructor("hacked=1")()}}',
  '${hacked=1}',
  '=HYPERLINK("https://elsewhere.example","x")',
  '](javascript:hacked=1)',
  // Turns the direction of writing, hides letters, and closes what it did not open.
  '\u202egnp.exe\u200b\u2066\u2069\u2069',
];

const sentencesOf = (split: string, count: number): string =>
  Array.from({ length: count }, (_, index) =>
    [`${split}${index}\tO`, ...tokens.map((token) => `${token}\tB-${type}`), '.\tO'].join('\n'),
  ).join('\n\n');

async function writeCorpus(info: TestInfo): Promise<string> {
  const folder = info.outputPath(name);
  await mkdir(folder, { recursive: true });
  for (const [split, count] of [
    ['train', 12],
    ['devel', 4],
    ['test', 4],
  ] as const) {
    await writeFile(path.join(folder, `${split}.tsv`), `${sentencesOf(split, count)}\n`);
  }
  return folder;
}

function hostileResult(): string {
  const text = JSON.stringify(finishedResult());
  const named = (word: string): string => JSON.stringify(word).slice(1, -1);
  const { checksum: _before, ...rest } = JSON.parse(
    text.replaceAll('moss', named(`${name}elsewhere`)).replaceAll('Herb', named(type)),
  ) as ReturnType<typeof finishedResult>;
  return JSON.stringify(sealResultFile(rest));
}

/** What of the material became more than text; elements that the lab itself never makes. */
function planted(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const own = 'img, iframe, object, embed, style, base, form[action], svg svg script, a[href^="javascript" i]';
    const scripts = [...document.querySelectorAll('script')].filter((one) => !/^\.\/assets\//.test(one.getAttribute('src') ?? '')); // prettier-ignore
    const handled = [...document.querySelectorAll('*')].filter((one) => one.getAttributeNames().some((key) => key.startsWith('on'))); // prettier-ignore
    const found = [...document.querySelectorAll(own), ...scripts, ...handled].map((one) => one.outerHTML);
    return 'hacked' in window ? ['it ran', ...found] : found;
  });
}

/** The address of everything in the caches of the page's origin. */
function storedAddresses(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) found.push(url);
    }
    return found;
  });
}

test.use({ serviceWorkers: 'allow' });

test('a whole session asks for nothing but the lab’s files, and its material stays text', async ({
  page,
  context,
  browser,
  baseURL,
}, info) => {
  const origin = new URL(baseURL ?? '').origin;
  const asked: string[] = [];
  const others: string[] = [];
  context.on('request', (request) => {
    const { protocol, pathname, search } = new URL(request.url());
    // Pictures of charts and saved files are made in the page.
    if (protocol === 'data:' || protocol === 'blob:') return;
    // The service worker stores what the page may need later.
    if (request.serviceWorker() === null) asked.push(request.url());
    const isFile = existsSync(path.join('dist', pathname === '/' ? 'index.html' : decodeURIComponent(pathname)));
    if (
      !request.url().startsWith(`${origin}/`) ||
      !isFile ||
      search !== '' ||
      request.method() !== 'GET' ||
      request.postData() !== null
    ) {
      others.push(`${request.method()} ${request.url()}`);
    }
  });
  context.on('serviceworker', (worker) => {
    if (worker.url() !== `${origin}/sw.js`) others.push(`service worker ${worker.url()}`);
  });
  page.on('websocket', (socket) => others.push(`socket ${socket.url()}`));
  page.on('dialog', (dialog) => (others.push(`dialog ${dialog.message()}`), void dialog.dismiss()));
  page.on('popup', (popup) => others.push(`popup ${popup.url()}`));
  await page.addInitScript(() => {
    Reflect.deleteProperty(window, 'showSaveFilePicker');
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => console.error(effectiveDirective));
    for (const way of ['RTCPeerConnection', 'WebTransport', 'open']) {
      Reflect.set(window, way, () => console.error(`${way} was tried`));
    }
  });

  const look = async (): Promise<void> => expect(await planted(page)).toEqual([]);
  await openLab(page);
  const opened = new Set(asked);

  await test.step('a corpus is dropped and read', async () => {
    await visit(page, 'Corpora');
    await dropPaths(page, await writeCorpus(info));
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
    await expect(page.getByRole('list', { name: 'Sentences' })).toContainText('<script>hacked=1</script>');
    const label = page.locator('.mention-type').first();
    await expect(label).toHaveText(type);
    await expect(label).toHaveCSS('unicode-bidi', 'isolate');
    await look();
  });

  await test.step('a tagger is trained on it, and what it scored is exported', async () => {
    await visit(page, 'New');
    await page.getByLabel('Corpus', { exact: true }).selectOption({ label: name });
    await page.getByRole('radio', { name: 'Sample', exact: true }).check();
    await page.locator('summary').filter({ hasText: 'Schedule' }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('1');
    await look();
    await planPanel(page).getByRole('button', { name: 'Train' }).click();
    await expect(page.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible({ timeout: 120_000 });
    await look();
    const saved = await download(page, info, () =>
      runActions(page).getByRole('button', { name: 'Export result' }).click(),
    );
    expect(saved.text).toContain('onerror');
    // It contains names, but no text of the corpus.
    for (const token of tokens) expect(saved.text).not.toContain(JSON.stringify(token).slice(1, -1));
    const predicted = await download(page, info, () => page.getByRole('button', { name: 'Save predictions, epoch 1' }).click()); // prettier-ignore
    await download(page, info, () => page.getByRole('button', { name: 'Model in F16, epoch 1' }).click());
    const onnx = await download(page, info, () => page.getByRole('button', { name: 'Save as ONNX, epoch 1' }).click());
    // The same tags on a page of another site, from the exported folder alone.
    const rows = predicted.text.trimEnd().split('\n\n').map((block) => block.split('\n').map((line) => line.split('\t'))); // prettier-ignore
    const found = await tagsInPage(browser, onnx.path, rows.map((cells) => cells.map(([token = '']) => token))); // prettier-ignore
    expect(found).toEqual(rows.map((cells) => cells.map((row) => row.at(-1))));
  });

  const run = /runs\/([^/?]+)/.exec(page.url())?.[1] ?? '';
  await test.step('it is analysed, and charts are saved', async () => {
    for (const view of ['sets', 'labels', 'leaks', 'breakdown', 'errors', 'confidence']) {
      await page.goto(`/#/analyse/${view}?run=${run}`);
      await expect(page.getByRole('heading', { level: 1, name: 'Analyse' })).toBeVisible();
      await expect(page.getByRole('navigation', { name: 'Analyses' })).toBeVisible();
      await expect(page.locator('.analysis-wait')).toHaveCount(0, { timeout: 30_000 });
      await look();
    }
    await page.goto(`/#/analyse/sets?run=${run}`);
    const diagram = `Save Strings of ${name} in training text of `;
    const svg = await download(page, info, () => page.getByRole('button', { name: diagram }).filter({ hasText: 'SVG' }).first().click()); // prettier-ignore
    expect(svg.text).toContain('&lt;img src=x onerror=hacked=1&gt;');
    expect(svg.text).not.toMatch(/<img|<script/);
    await download(page, info, () => page.getByRole('button', { name: diagram }).filter({ hasText: 'PNG' }).first().click()); // prettier-ignore
  });

  await test.step('text is tagged and saved', async () => {
    await visit(page, 'Tag');
    await page.getByLabel('Text', { exact: true }).fill(tokens.join(' '));
    await page.getByRole('button', { name: 'Tag text' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Review of text' })).toBeVisible();
    await look();
    await download(page, info, () => page.getByRole('button', { name: 'Save 1 document' }).click());
  });

  await test.step('a result file and a link of somebody else are opened and compared', async () => {
    const result = info.outputPath(`${name}.result.json`);
    await writeFile(result, hostileResult());
    await visit(page, 'Experiments');
    await dropPaths(page, result);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('elsewhere');
    await look();
    await page.goto(`/#/open?result=${await writeResultLink(hostileResult())}`);
    await expect(page).toHaveURL(/#\/results\//);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('elsewhere');
    await page.goto(`/#/open?result=${encodeURIComponent(name)}`);
    await expect(page.getByRole('alert')).toBeVisible();
    await look();
  });

  await test.step('every page shows all of it, and a file that is refused', async () => {
    const refused = info.outputPath(`${name}.safetensors`);
    await writeFile(refused, tokens.join('\n'));
    await dropPaths(page, refused);
    await expect(notices(page)).toContainText(name);
    for (const place of places) {
      await visit(page, place);
      await look();
    }
  });

  expect(others).toEqual([]);
  expect(context.serviceWorkers().map((worker) => worker.url())).toEqual([`${origin}/sw.js`]);
  // It has stored files of the lab, and nothing of what was read, written or opened.
  const stored = await storedAddresses(page);
  expect(stored.length).toBeGreaterThan(20);
  for (const address of stored) expect(existsSync(path.join('dist', new URL(address).pathname)), address).toBe(true);
  for (const worker of page.workers()) expect(worker.url()).toMatch(new RegExp(`^${origin}/assets/`));
  // After the page had opened, only the analysis came: the training Worker, its wasm, samples and model were there.
  const later = [...new Set(asked)]
    .filter((address) => !opened.has(address))
    .map((address) => new URL(address).pathname);
  expect(later.filter((file) => !/^\/$|\/assets\/.*\.(js|css)$/.test(file))).toEqual([]);
});

/** What the built files may contain without any request to it: names that only look like addresses, and words for people. */
const words: readonly (readonly [address: RegExp, why: string])[] = [
  [/^http:\/\/www\.w3\.org\//, 'names of XML namespaces'],
  [
    /^https?:\/\/(json-schema\.org|www\.apache\.org\/licenses|opensource\.org\/licenses)\//,
    'names of schemas and licences',
  ],
  [
    /^https:\/\/(react\.dev\/errors|redux\.js\.org\/Errors|redux-toolkit\.js\.org\/Errors|bit\.ly\/3cXEKWf)/,
    'in messages of React and Redux',
  ],
  [
    /^https:\/\/(github\.com\/tensorflow|emscripten\.org\/docs|arxiv\.org\/abs|www\.shadertoy\.com|en\.wikipedia\.org)\//,
    'in messages and comments of tfjs',
  ],
  [/^https:\/\/base-ui\.com\/production-error/, 'in messages of Base UI'],
  [
    /^https?:\/\/(mlcommons\.org\/croissant|purl\.org\/dc\/terms|schema\.org|spdx\.org\/licenses|w3id\.org\/ro\/crate)\//,
    'names of vocabularies and licences in Croissant and RO-Crate',
  ],
];
const hosts = [
  /^https:\/\/huggingface\.co/,
  /^https:\/\/raw\.githubusercontent\.com\/cambridgeltl\/MTL-Bioinformatics-2016\/master\/data/,
];

test('the built scripts, styles and page name no host but those of the catalogue and the hub', async () => {
  // The documentation has links out, and neither scripts nor styles in its pages, as its own test proves.
  const files = (await readdir('dist', { recursive: true })).filter(
    (file) => /\.(js|css|html)$/.test(file) && !file.startsWith(`docs${path.sep}`),
  );
  expect(files.length).toBeGreaterThan(8);
  const found = new Map<string, string>();
  for (const file of files) {
    const text = await readFile(path.join('dist', file), 'utf8');
    // The page and the service worker name the hosts in the policy.
    const policy = file === 'index.html' ? /<meta http-equiv[^>]*>/ : /"Content-Security-Policy\\*":\\*"[^"]*"/;
    const own = ['index.html', 'sw.js'].includes(file) ? text.replace(policy, '') : text;
    for (const [address] of own.matchAll(/\b(?:https?|wss?):\/\/[^\s"'`\\)<>]+/g)) found.set(address, file);
  }
  const known = [...words.map(([address]) => address), ...hosts];
  expect([...found].filter(([address]) => !known.some((one) => one.test(address)))).toEqual([]);
  // What is allowed is there: an entry for what no longer is would hide what comes.
  expect(known.filter((one) => ![...found.keys()].some((address) => one.test(address)))).toEqual([]);
});
