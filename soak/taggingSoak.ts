// Tags many invented abstracts and measures whether memory grows, then kills `bioner tag` at random moments and compares with what an undisturbed one wrote.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Rng } from '../src/util/random.ts';
import { open } from '../src/tagger/bionerTagger.ts';
import {
  inventedAbstract,
  inventedAbstracts,
  pubTatorOf,
  shippedTaggerFiles,
} from '../tests/fixtures/inventedAbstracts.ts';
import { bioner } from './clusterOutcome.ts';
import { growth, median } from './growth.ts';
import type { SoakRow } from './soakRow.ts';

export interface TaggingSoakRequest {
  /** Tagged in one process while its memory is measured. */
  readonly abstracts: number;
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const SAMPLES = 50;
/** Of the process; what the allocator holds back varies. */
const FLAT_PERCENT = 10;
/** Tagged again and again while it is killed. */
const KILLED_ABSTRACTS = 1500;

export async function taggingSoak(request: TaggingSoakRequest): Promise<readonly SoakRow[]> {
  return [await memoryRow(request), ...(await killRows(request))];
}

/** Tags from a generator, so that nothing else holds the texts. */
async function memoryRow({ abstracts, say }: TaggingSoakRequest): Promise<SoakRow> {
  const tagger = await open(shippedTaggerFiles());
  const every = Math.max(1, Math.floor(abstracts / SAMPLES));
  const resident: number[] = [];
  const heap: number[] = [];
  const processorMs: number[] = [];
  let [documents, mentions] = [0, 0];
  const startedAtMs = performance.now();
  function* texts() {
    for (let number = 0; number < abstracts; number++) yield inventedAbstract(number).text;
  }
  for await (const document of tagger.tag(texts())) {
    documents++;
    mentions += document.mentions.length;
    if (documents % every !== 0) continue;
    processorMs.push(usedProcessorMs());
    if (processorMs.length % (SAMPLES / 10) === 0) say(`${documents} of ${abstracts} abstracts`);
    globalThis.gc?.();
    const memory = process.memoryUsage();
    resident.push(memory.rss);
    heap.push(memory.heapUsed + memory.arrayBuffers);
  }
  tagger.close();
  const seconds = (performance.now() - startedAtMs) / 1000;
  const grown = growth({
    name: 'resident memory',
    unit: 'bytes',
    values: resident,
    promise: { flatWithin: FLAT_PERCENT },
  });
  const ofHeap = growth({ name: 'heap', unit: 'bytes', values: heap, promise: { flatWithin: 25 } });
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const slices = processorMs.slice(1).map((ms, index) => ms - (processorMs[index] ?? 0));
  const slower = growth({ name: 'processor time', unit: 'count', values: slices, promise: { atMost: Infinity } });
  say(
    `processor time of ${every} abstracts: median ${Math.round(median(slices))} ms, ${Math.round(Math.min(...slices))} to ` +
      `${Math.round(Math.max(...slices))}; ${slower.percent.toFixed(1)} % more in the last fifth than in the second`,
  );
  say(
    `${documents} abstracts, ${mentions} mentions, ${(documents / seconds).toFixed(1)} a second on ${tagger.device}; resident ${megabytes(grown.first)} ` +
      `first, ${megabytes(grown.last)} last, ${megabytes(grown.peak)} peak, ${grown.percent.toFixed(1)} % from the second fifth to the last; ` +
      `heap ${megabytes(ofHeap.first)} first, ${megabytes(ofHeap.last)} last`,
  );
  const isLost = documents !== abstracts || !grown.isKept || !ofHeap.isKept;
  return {
    injected: `abstracts tagged in one process, memory ${grown.percent.toFixed(1)} %`,
    times: documents,
    lost: isLost ? 1 : 0,
  };
}

/** Of all threads of this process, so that other programs count little. */
function usedProcessorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function killRows({ kills, seed, say }: TaggingSoakRequest): Promise<readonly SoakRow[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'bioner-tagging-'));
  try {
    mkdirSync(path.join(home, 'model'));
    mkdirSync(path.join(home, 'texts'));
    for (const [name, bytes] of shippedTaggerFiles()) writeFileSync(path.join(home, 'model', name), bytes);
    writeFileSync(
      path.join(home, 'texts', 'all.pubtator'),
      [...inventedAbstracts(KILLED_ABSTRACTS)].map(pubTatorOf).join(''),
    );
    say('tagging once without a kill');
    const startedAtMs = performance.now();
    await tagged(home, 'whole', null);
    const wholeMs = performance.now() - startedAtMs;
    const expected = resultsIn(path.join(home, 'whole'));
    let [done, differing, rounds] = [0, 0, 0];
    while (done < kills) {
      const rng = Rng.seeded(seed).fork('tagging', rounds);
      const out = `killed-${rounds++}`;
      const before = done;
      // Late enough that something was written now and then.
      while (done < kills && (await tagged(home, out, (0.2 + 0.6 * rng.uniform()) * wholeMs)) === null) done++;
      await tagged(home, out, null);
      const found = resultsIn(path.join(home, out));
      const isSame = JSON.stringify(found) === JSON.stringify(expected);
      if (!isSame) differing += Math.max(1, done - before);
      say(`${done} of ${kills} kills: ${isSame ? 'the same results' : 'OTHER RESULTS'}`);
    }
    return [{ injected: 'SIGKILL of bioner tag, then the same command again', times: done, lost: differing }];
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Returns the exit code; null where it was killed. Throws Error where it ends by itself with another code than 0. */
async function tagged(home: string, out: string, killAfterMs: number | null): Promise<number | null> {
  const words = ['tag', path.join(home, 'model'), path.join(home, 'texts'), '--out', path.join(home, out), '--format', 'PubTator', '--backend', 'wasm', '--slice', '0.05']; // prettier-ignore
  const child = spawn(process.execPath, [bioner, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const timer = killAfterMs === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (timer !== null) clearTimeout(timer);
  if (code !== null && code !== 0) throw new Error(`bioner tag ended with ${code}: ${errors}`);
  return code;
}

function resultsIn(folder: string): readonly (readonly [string, string])[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.pubtator'));
  return names.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
}
