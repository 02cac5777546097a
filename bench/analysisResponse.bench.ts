// Measures how long the analyses of the gene category run in the browser, and the longest task on the page's thread meanwhile.
import path from 'node:path';
import { chromium, type Page } from 'playwright';
import { preview } from 'vite';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';
import { SUB_TASKS } from '../src/data/catalogue/catalogue.ts';
import type { Mention, Sentence } from '../src/data/corpus/corpus.ts';
import { runSpec } from '../src/lab/plans/expandPlan.ts';
import type { CorpusRecord } from '../src/schema/corpusRecord.ts';
import { queuedRun, type RunRecord, type TaskRef } from '../src/schema/runRecord.ts';
import { storePredictions, type PredictedMention } from '../src/schema/storedPredictions.ts';
import { Rng } from '../src/util/random.ts';
import { dropPaths, openLab, waitUntilReady } from '../tests/e2e/labActions.ts';
import { fakeModel, fakeSplitScores } from '../tests/fixtures/fakeRecords.ts';
import { spec as smallSpec } from '../tests/fixtures/records.ts';

// Run manually on a quiet machine, with a folder of the public corpora: npx tsx bench/analysisResponse.bench.ts DIR
const root = path.resolve(import.meta.dirname, '..');
const tasks = SUB_TASKS.filter(({ category }) => category === 'gene');
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npx tsx bench/analysisResponse.bench.ts DIR (with the folders of the public repository)');
  process.exit(2);
}

/** Reads a record of the lab's database as JSON. */
function stored(page: Page, key: string): Promise<unknown> {
  return page.evaluate(async (name) => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('bioner-lab');
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(new Error('no database'));
    });
    const reading = database.transaction('records').objectStore('records').get(name);
    await new Promise((resolve) => (reading.onsuccess = resolve));
    database.close();
    // The second line is the checksum.
    const [text = ''] = new TextDecoder().decode(reading.result as Uint8Array).split('\n');
    return JSON.parse(text) as unknown;
  }, key);
}

function keep(page: Page, key: string, value: unknown): Promise<void> {
  return page.evaluate(
    async ([name, text]) => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open('bioner-lab');
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(new Error('no database'));
      });
      const writing = database.transaction('records', 'readwrite');
      writing.objectStore('records').put(new TextEncoder().encode(text), name);
      await new Promise((resolve) => (writing.oncomplete = resolve));
      database.close();
    },
    [key, JSON.stringify(value)] as const,
  );
}

/** Simulates a mediocre tagger's mentions: some missed, some with wrong boundaries, some spurious. */
function noisy({ tokens, mentions }: Sentence, type: string, rng: Rng): PredictedMention[] {
  const taken: Mention[] = [];
  for (const mention of mentions) {
    const lot = rng.uniform();
    if (lot < 0.12) continue;
    const end = lot < 0.22 && mention.end - mention.start > 1 ? mention.end - 1 : mention.end;
    taken.push({ ...mention, end });
  }
  const at = rng.integer(tokens.length);
  if (rng.uniform() < 0.1 && !mentions.some(({ start, end }) => at >= start && at < end)) {
    taken.push({ type, start: at, end: at + 1 });
  }
  taken.sort((left, right) => left.start - right.start);
  return taken.map((mention) => ({ ...mention, confidence: rng.uniform() }));
}

function finishedRun(refs: readonly TaskRef[], seed: number): RunRecord {
  const { id: _id, ...members } = smallSpec();
  const model = fakeModel('invented', false, 1_902_336);
  const spec = runSpec({
    ...members,
    method: 'MTL-XC',
    category: { name: 'gene', typeName: 'Gene' },
    tasks: [...refs],
    seed,
    model: { id: model.id, name: model.name, fingerprint: model.fingerprint },
  });
  const scores = refs.map(({ type }) => fakeSplitScores(0.8, [type ?? 'Gene']));
  return {
    ...queuedRun(spec, '2026-01-01T00:00:00.000Z'),
    status: 'finished',
    snapshots: [{ epoch: 2, devel: scores, test: scores }],
    selectedEpoch: 2,
  };
}

interface Seen {
  readonly seconds: number;
  readonly longestTaskMs: number;
}

async function measured(page: Page, work: () => Promise<void>): Promise<Seen> {
  await page.evaluate(() => ((globalThis as unknown as { longTasks: number[] }).longTasks.length = 0));
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const tasksMs = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  return { seconds, longestTaskMs: Math.max(0, ...tasksMs) };
}

const startedAt = performance.now();

/** Progress for the user; results go to the other stream. */
function say(what: string): void {
  console.error(`[${((performance.now() - startedAt) / 1000).toFixed(0)} s] ${what}`);
}

const server = await preview({ root, preview: { port: 0, host: '127.0.0.1' } });
const address = server.resolvedUrls?.local[0];
const executablePath = findChromium();
if (address === undefined || executablePath === undefined) throw new Error('no server or no Chromium');
const browser = await chromium.launch({
  executablePath,
  args: [...chromiumFlags, '--enable-blink-features=ForceEagerMeasureMemory'],
});
const context = await browser.newContext({ baseURL: address, viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
await page.addInitScript(() => {
  const seen: number[] = [];
  (globalThis as unknown as { longTasks: number[] }).longTasks = seen;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.push(duration);
  }).observe({ type: 'longtask' });
});
await openLab(page);
say(`taking in ${tasks.length} corpora`);
await dropPaths(page, ...tasks.map((task) => path.resolve(folder, task.folder)));
await page.goto('/#/library/corpora');
for (const task of tasks) await page.getByRole('link', { name: task.folder }).first().waitFor({ timeout: 300_000 });

say('writing runs and what they predict');
const keys = await page.evaluate(async () => {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open('bioner-lab');
    opening.onsuccess = () => resolve(opening.result);
  });
  const asked = database.transaction('records').objectStore('records').getAllKeys();
  await new Promise((resolve) => (asked.onsuccess = resolve));
  database.close();
  return asked.result.map(String);
});
const corpora = new Map<string, CorpusRecord>();
for (const key of keys.filter((one) => /^corpus\/[^/]+\/record$/.test(one))) {
  const record = (await stored(page, key)) as CorpusRecord;
  corpora.set(record.name, record);
}
const refs = tasks.flatMap(({ folder: name, type }): TaskRef[] => {
  const record = corpora.get(name);
  return record === undefined ? [] : [{ corpus: { id: record.id, name, fingerprint: record.fingerprint }, type }];
});
const runs = [1, 2].map((seed) => finishedRun(refs, seed));
for (const run of runs) {
  for (const [index, { corpus, type }] of refs.entries()) {
    const test = (await stored(page, `corpus/${corpus.id}/test`)) as Sentence[];
    const rng = Rng.seeded(run.spec.seed).fork(corpus.name);
    const predicted = test.map(({ tokens, mentions }) =>
      noisy({ tokens, mentions: mentions.filter((mention) => mention.type === type) }, type ?? 'Gene', rng),
    );
    await keep(page, `run/${run.spec.id}/predictions/2-test-${index}`, storePredictions(predicted));
  }
  await keep(page, `run/${run.spec.id}/record`, run);
}
const views = ['sets', 'labels', 'leaks', 'breakdown', 'errors'] as const;
const [first, second] = runs;
const bc2gm = refs.find(({ corpus }) => corpus.name === 'BC2GM-IOB');
/** Each pass starts with a page without cached answers. Several passes, as wall time includes CPU time lost to other processes. */
const PASSES = 5;
const seen = new Map<string, Seen[]>(views.map((view) => [view, []]));
for (let pass = 1; pass <= PASSES; pass++) {
  // Start-up of the page is not part of an analysis.
  await page.goto('/#/');
  await page.reload();
  await waitUntilReady(page);
  for (const view of views) {
    say(`analysing: ${view}, ${pass} of ${PASSES}`);
    const query = new URLSearchParams({
      corpus: bc2gm?.corpus.id ?? '',
      type: bc2gm?.type ?? '',
      run: first?.spec.id ?? '',
      ...(view === 'errors' || view === 'breakdown' ? { beside: second?.spec.id ?? '' } : {}),
    });
    const one = await measured(page, async () => {
      await page.goto(`/#/analyse/${view}?${query.toString()}`);
      await page.getByRole('heading', { level: 1, name: 'Analyse' }).waitFor();
      await page.waitForTimeout(300);
      const isDone = () => document.querySelector('main .analysis-wait, main [aria-busy="true"]') === null;
      await page.waitForFunction(isDone, null, { timeout: 300_000 });
    });
    seen.get(view)?.push(one);
  }
}
say('measuring memory');
const memory = await page.evaluate(async () => {
  const measure = (performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number; breakdown: { bytes: number; attribution: { scope: string; url: string }[] }[] }> }).measureUserAgentSpecificMemory; // prettier-ignore
  const { breakdown } = await measure.call(performance);
  return breakdown.flatMap(({ bytes, attribution }) => attribution.map(({ scope, url }) => ({ scope, url, bytes })));
});
console.log(`${refs.length} tasks, Chromium ${browser.version()}`);
const middle = (values: readonly number[]) => [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;
for (const [view, passes] of seen) {
  const longest = passes.map(({ longestTaskMs }) => longestTaskMs);
  const seconds = middle(passes.map((pass) => pass.seconds)).toFixed(1);
  // The browser only reports tasks of 50 ms and more: 0 means that there was none.
  const each = longest.map((ms) => ms.toFixed(0)).join(' ');
  console.log(`${view.padEnd(12)} ${seconds.padStart(6)} s   longest task ${middle(longest).toFixed(0)} ms (${each})`);
}
for (const { scope, url, bytes } of memory) console.log(`${(bytes / 1e6).toFixed(0)} MB  ${scope} ${url}`);
await browser.close();
await server.close();
