// Trains one run of many steps in a real browser and samples what it uses: memory of GPU, Worker and page, and storage.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { presets } from '../src/lab/plans/presets.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { dropPaths, waitUntilReady } from '../tests/e2e/labActions.ts';
import { planFacts, planPanel } from '../tests/e2e/planActions.ts';
import { modelFolder } from '../tests/fixtures/modelFolders.ts';
import { planFile } from '../tests/fixtures/records.ts';
import { writeShortCorpora } from '../tests/fixtures/shortCorpora.ts';
import type { Series } from './growth.ts';
import { openKillableBrowser } from './killableBrowser.ts';
import { storedRuns } from './storedRuns.ts';
import { listenToWorkers, workerReports } from './workerReports.ts';

export interface LongRunRequest {
  /** Address of the lab. */
  readonly address: string;
  readonly backend: 'wasm' | 'webgpu';
  readonly steps: number;
  readonly samples: number;
  /** Called after each sample. */
  readonly onSample: (sample: Sample) => void;
}

export interface Sample {
  readonly step: number;
  readonly seconds: number;
  readonly liveTensors: number;
  readonly tensorBytes: number;
  readonly gpuBytes: number;
  readonly workerHeapBytes: number;
  readonly pageHeapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly diskBytes: number;
  readonly storedBytes: number;
  readonly historyBytes: number;
  readonly historyPoints: number;
  readonly epochs: number;
  readonly events: number;
}

export interface LongRun {
  readonly samples: readonly Sample[];
  /** Adapter or processor, from the run's record. */
  readonly device: string;
  /** Chromium's version. */
  readonly browser: string;
  readonly epochs: number;
  readonly steps: number;
}

/** An emulated adapter compiles its self-test for minutes on a busy machine. */
const OPENS_WITHIN_MS = 600_000;
/** The lab's own limit on the points of a loss curve, besides the one at each epoch's end. */
const MOST_POINTS = 1000;
/** The page of a run with its charts, where each of 100 epochs has three dots, and nodes not yet garbage-collected. */
const MOST_NODES = 2000;
/** JSON of a point of the loss curve and of an epoch of one task, with a margin. */
const POINT_BYTES = 200;
const EPOCH_BYTES = 1500;

/** The bounds that a long run must keep for each measurement. */
export function longRunSeries(samples: readonly Sample[]): readonly Series[] {
  const of = (name: string, unit: Series['unit'], member: keyof Sample, promise: Series['promise']): Series => ({
    name,
    unit,
    promise,
    values: samples.map((sample) => sample[member]),
  });
  const epochs = Math.max(...samples.map((sample) => sample.epochs));
  return [
    of('live tensors', 'count', 'liveTensors', { flatWithin: 0 }),
    of('tensor bytes', 'bytes', 'tensorBytes', { flatWithin: 0 }),
    of('GPU bytes', 'bytes', 'gpuBytes', { flatWithin: 0 }),
    of('heap of the Worker', 'bytes', 'workerHeapBytes', { flatWithin: 10 }),
    // It holds the history and draws it.
    of('heap of the page', 'bytes', 'pageHeapBytes', { flatWithin: 20 }),
    of('DOM nodes', 'count', 'nodes', { atMost: MOST_NODES }),
    of('listeners of the page', 'count', 'listeners', { flatWithin: 10 }),
    of('IndexedDB on disk', 'bytes', 'diskBytes', { flatWithin: 25 }),
    of('weights, moments and manifests stored', 'bytes', 'storedBytes', { flatWithin: 1 }),
    of('points of the loss curve', 'count', 'historyPoints', { atMost: MOST_POINTS + epochs }),
    of('history record', 'bytes', 'historyBytes', { atMost: MOST_POINTS * POINT_BYTES + epochs * EPOCH_BYTES }),
  ];
}

/** Throws Error if the run ends in any state but finished. */
export async function longRun(request: LongRunRequest): Promise<LongRun> {
  const home = await mkdtemp(path.join(tmpdir(), 'bioner-long-'));
  const flags = ['--enable-blink-features=ForceEagerMeasureMemory'];
  const browser = await openKillableBrowser(path.join(home, 'profile'), flags);
  try {
    await listenToWorkers(browser.context);
    const page = await browser.context.newPage();
    await page.goto(`${request.address}?backend=${request.backend}`);
    await waitUntilReady(page, OPENS_WITHIN_MS);
    await bringIn(page, home, request.steps);
    const samples = await sampled(page, request);
    const [record] = (await storedRuns(page)).records;
    if (record?.status !== 'finished') throw new Error(`The run ended ${record?.status}: ${record?.failure?.message}`);
    const device = record.environments.map((one) => `${one.backend} on ${one.device}`).join(', ');
    return { samples, device, browser: browser.version, epochs: record.epochs.length, steps: record.step };
  } finally {
    await browser.close().catch(() => browser.kill());
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function bringIn(page: Page, home: string, steps: number): Promise<void> {
  const model = path.join(home, 'tiny');
  await mkdir(model);
  for (const { name, bytes } of modelFolder('f16')) await writeFile(path.join(model, name), bytes);
  const corpus = { name: 'short', sample: 'sample-disease-a', type: 'Disease' };
  const folders = await writeShortCorpora(home, [corpus], { train: 80, devel: 8, test: 8 });
  const file = path.join(home, 'long.plan.json');
  await writeFile(file, JSON.stringify(longPlan(steps)));
  await dropPaths(page, ...folders, model, file);
  await expect.poll(async () => (await planFacts(page))['Steps'], { timeout: 30_000 }).toBe(steps.toLocaleString('en'));
  await planPanel(page).getByRole('button', { name: 'Train' }).click();
}

function longPlan(steps: number): PlanFile {
  return planFile({
    name: 'long',
    model: { name: 'tiny' },
    categories: [{ name: 'sickness', typeName: null, tasks: [{ corpus: { name: 'short' }, type: 'Disease' }] }],
    config: {
      ...presets.sample.config,
      maxPieces: 24,
      steps,
      batchSize: 4,
      microBatchSize: 2,
      dropout: { encoder: 0.1, attention: 0.1, head: 0.1 },
    },
  });
}

/** Samples at even intervals until the run leaves the device. */
async function sampled(page: Page, { steps, samples: count, onSample }: LongRunRequest): Promise<readonly Sample[]> {
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (;;) {
    const told = await workerReports(page);
    if (told?.phase === 'between runs') return samples;
    if (told?.memory != null && told.step >= (steps * (samples.length + 1)) / count) {
      const { liveTensors, tensorBytes, gpuBytes } = told.memory;
      const sample: Sample = {
        step: told.step,
        events: told.events,
        seconds: (performance.now() - startedAt) / 1000,
        liveTensors,
        tensorBytes,
        gpuBytes: gpuBytes ?? 0,
        ...(await heaps(page)),
        ...(await storedSizes(page)),
      };
      samples.push(sample);
      onSample(sample);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

interface MeasuredMemory {
  readonly breakdown: readonly {
    readonly bytes: number;
    readonly attribution: readonly { readonly scope: string }[];
  }[];
}

/** Bytes of JavaScript in page and Worker after garbage collection, and the page's DOM nodes. */
async function heaps(page: Page): Promise<Pick<Sample, 'workerHeapBytes' | 'pageHeapBytes' | 'nodes' | 'listeners'>> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { breakdown } = await page.evaluate(
    () =>
    (performance as unknown as { measureUserAgentSpecificMemory(): Promise<MeasuredMemory> }).measureUserAgentSpecificMemory(), // prettier-ignore
  );
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  await session.detach();
  const bytesOf = (isIts: (scope: string) => boolean): number =>
    breakdown
      .filter(({ attribution }) => attribution.some(({ scope }) => isIts(scope)))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    workerHeapBytes: bytesOf((scope) => scope.includes('Worker')),
    pageHeapBytes: bytesOf((scope) => scope === 'Window'),
    nodes,
    listeners: jsEventListeners,
  };
}

/** Bytes in IndexedDB: on disk and by kind of record, and the length of the history. */
function storedSizes(
  page: Page,
): Promise<Pick<Sample, 'diskBytes' | 'storedBytes' | 'historyBytes' | 'historyPoints' | 'epochs'>> {
  return page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('bioner-lab');
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(new Error('The lab has no database.'));
    });
    const records = database.transaction('records').objectStore('records');
    const reading = records.openCursor(IDBKeyRange.bound('run/', 'run/\uffff'));
    const sizes = { diskBytes: 0, storedBytes: 0, historyBytes: 0, historyPoints: 0, epochs: 0 };
    await new Promise<void>((resolve, reject) => {
      reading.onerror = () => reject(new Error('The database cannot be read.'));
      reading.onsuccess = () => {
        const cursor = reading.result;
        if (cursor === null) return resolve();
        const bytes = cursor.value as Uint8Array;
        if (String(cursor.key).endsWith('/record')) {
          const text = new TextDecoder().decode(bytes).split('\n')[0] ?? '';
          const { steps, epochs } = JSON.parse(text) as { steps: unknown[]; epochs: unknown[] };
          sizes.historyBytes = bytes.byteLength;
          sizes.historyPoints = steps.length;
          sizes.epochs = epochs.length;
        } else if (!String(cursor.key).endsWith('/record-before')) sizes.storedBytes += bytes.byteLength;
        cursor.continue();
      };
    });
    database.close();
    sizes.diskBytes = (await navigator.storage.estimate()).usage ?? 0;
    return sizes;
  });
}
