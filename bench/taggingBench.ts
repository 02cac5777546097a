// `npm run bench -- tagging`: documents a second of the package, of `bioner tag`, and of the pipeline of transformers, in turns on the same processors.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { writeTaggerPackage } from '../scripts/package/taggerPackage.ts';
import { documentOfText } from '../src/data/documents/documentSentences.ts';
import { open } from '../src/tagger/bionerTagger.ts';
import { taggerFiles } from '../src/tagger/taggerMachine.ts';
import { inventedAbstracts, pubTatorOf, shippedTaggerFiles } from '../tests/fixtures/inventedAbstracts.ts';
import { printBenchTable } from './printBench.ts';

const USAGE = 'usage: npm run bench -- tagging [--model DIR] [--documents N] [--rounds N] [--python PATH]';
const root = path.resolve(import.meta.dirname, '..');

/** A way to tag all documents once; milliseconds and mentions. */
interface Way {
  readonly name: string;
  run(round: number): Promise<{ readonly ms: number; readonly mentions: number }>;
}

export async function taggingBench(words: readonly string[], say: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      model: { type: 'string' },
      documents: { type: 'string', default: '500' },
      rounds: { type: 'string', default: '3' },
      python: { type: 'string' },
    },
  });
  const [count, rounds] = [Number(values.documents), Number(values.rounds)];
  if (!(count > 0) || !(rounds > 0)) {
    console.error(USAGE);
    return 2;
  }
  const home = mkdtempSync(path.join(os.tmpdir(), 'bench-tagging-'));
  const ends: (() => void)[] = [() => rmSync(home, { recursive: true, force: true })];
  try {
    const model = path.join(home, 'model');
    mkdirSync(model);
    const files = values.model === undefined ? shippedTaggerFiles() : await taggerFiles(values.model);
    for (const [name, bytes] of files) writeFileSync(path.join(model, name), bytes);
    const abstracts = [...inventedAbstracts(count)];
    const texts = abstracts.map(({ title, text }) => `${title}\n${text}`);
    mkdirSync(path.join(home, 'texts'));
    writeFileSync(path.join(home, 'texts', 'all.pubtator'), abstracts.map(pubTatorOf).join(''));
    const cores = os.availableParallelism();
    const ways: Way[] = [];
    for (const threads of [...new Set([1, cores])]) ways.push(await packageWay(model, texts, threads, ends));
    for (const jobs of [...new Set([1, cores])]) ways.push(commandWay(home, jobs));
    if (values.python !== undefined) ways.push(...(await pipelineWays(values.python, model, texts, cores, ends, say)));
    await report(ways, { count, rounds, texts }, say);
    await firstTag(home, model);
    return 0;
  } finally {
    for (const end of ends.reverse()) end();
  }
}

async function packageWay(
  model: string,
  texts: readonly string[],
  threads: number,
  ends: (() => void)[],
): Promise<Way> {
  const tagger = await open(model, { threads, backend: 'wasm' });
  ends.push(() => tagger.close());
  return {
    name: `bioner-tagger, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    async run() {
      const startedAtMs = performance.now();
      let mentions = 0;
      for await (const document of tagger.tag(texts)) mentions += document.mentions.length;
      return { ms: performance.now() - startedAtMs, mentions };
    },
  };
}

/** With reading, writing and the start of its processes. */
function commandWay(home: string, jobs: number): Way {
  return {
    name: `bioner tag --jobs ${jobs}, with its start`,
    async run(round) {
      const startedAtMs = performance.now();
      const out = path.join(home, `out-${jobs}-${round}`);
      const inputs = [path.join(home, 'model'), path.join(home, 'texts')];
      const words = ['tag', ...inputs, '--out', out, '--format', 'PubTator', '--backend', 'wasm', '--jobs', `${jobs}`, '--slice', '0.05']; // prettier-ignore
      const child = spawn(process.execPath, [path.join(root, 'scripts/bioner.mjs'), ...words], { stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
      let text = '';
      child.stdout.on('data', (part: Buffer) => (text += part.toString()));
      const code = await new Promise((resolve) => child.once('close', resolve));
      if (code !== 0) throw new Error(`bioner tag ended with ${String(code)}`);
      return { ms: performance.now() - startedAtMs, mentions: Number(/(\d+) mentions? in/.exec(text)?.[1]) };
    },
  };
}

async function pipelineWays(
  python: string,
  model: string,
  texts: readonly string[],
  threads: number,
  ends: (() => void)[],
  say: (line: string) => void,
): Promise<readonly Way[]> {
  const child = spawn(python, [path.join(import.meta.dirname, 'taggingPipeline.py'), model, `${threads}`], { stdio: ['pipe', 'pipe', 'inherit'] }); // prettier-ignore
  ends.push(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('Python ended before it answered; its own words are above.');
    return JSON.parse(value) as Record<string, unknown>;
  };
  say(`Python: ${JSON.stringify(await answer())}`);
  const sentences = texts.flatMap((text) => documentOfText('x', text).sentences.map((tokens) => text.slice(tokens[0]?.start, tokens.at(-1)?.end))); // prettier-ignore
  const settings = [
    { batch: 1, sorted: false },
    { batch: 32, sorted: false },
    { batch: 32, sorted: true },
  ];
  return settings.map(({ batch, sorted }): Way => ({
    name: `transformers' pipeline, ${threads} threads, batches of ${batch}${sorted ? ', sorted by length' : ''}`,
    async run() {
      child.stdin.write(`${JSON.stringify({ sentences, batch, sorted })}\n`);
      const { ms, mentions } = await answer();
      return { ms: Number(ms), mentions: Number(mentions) };
    },
  }));
}

async function report(
  ways: readonly Way[],
  { count, rounds, texts }: { readonly count: number; readonly rounds: number; readonly texts: readonly string[] },
  say: (line: string) => void,
): Promise<void> {
  const found = ways.map((): { ms: number; mentions: number }[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, way] of ways.entries()) {
      const one = await way.run(round);
      say(`${way.name}: ${Math.round(one.ms)} ms${round === 0 ? ', not counted' : ''}`);
      if (round > 0) found[index]?.push(one);
    }
  }
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const [cpu] = os.cpus();
  console.log(`${count} invented abstracts of ${Math.round(characters / count)} characters, ${rounds} rounds in turns`);
  console.log(`${cpu?.model ?? 'unknown processor'}, ${os.availableParallelism()} logical; load before ${os.loadavg().map((one) => one.toFixed(1)).join(' ')}`); // prettier-ignore
  const rows = ways.map(({ name }, index) => {
    const paces = (found[index] ?? []).map(({ ms }) => (1000 * count) / ms).sort((left, right) => left - right);
    const middle = paces[paces.length >> 1] ?? NaN;
    return [name, middle.toFixed(1), `${(paces[0] ?? NaN).toFixed(1)} to ${(paces.at(-1) ?? NaN).toFixed(1)}`, `${found[index]?.[0]?.mentions ?? ''}`]; // prettier-ignore
  });
  const notes = ['The pipeline has no CRF and no probabilities of mentions, and cuts no text into sentences: it gets those of the lab.']; // prettier-ignore
  console.log(printBenchTable({ title: 'Tagging', columns: ['what', 'documents a second', 'spread', 'mentions'], rows, notes })); // prettier-ignore
}

/** From the start of Node to the first mention, with the package alone. */
async function firstTag(home: string, model: string): Promise<void> {
  const folder = path.join(home, 'package');
  const { files } = await writeTaggerPackage(folder);
  const script = `const startedAtMs = performance.timeOrigin;
const { open } = await import(${JSON.stringify(path.join(folder, 'index.js'))});
const loadedAtMs = Date.now();
const tagger = await open(${JSON.stringify(model)});
const openedAtMs = Date.now();
for await (const { mentions } of tagger.tag(['Tamoxifen reduces the risk of breast cancer.'])) if (mentions.length === 0) throw new Error('none');
console.log([loadedAtMs, openedAtMs, Date.now()].map((at) => Math.round(at - startedAtMs)).join(' '));
process.exit();`;
  writeFileSync(path.join(home, 'first.mjs'), script);
  const times = Array.from({ length: 5 }, () => spawnSync(process.execPath, [path.join(home, 'first.mjs')], { encoding: 'utf8' }).stdout.trim().split(' ').map(Number)); // prettier-ignore
  const [loaded, opened, tagged] = times.sort((left, right) => (left[2] ?? 0) - (right[2] ?? 0))[2] ?? [];
  const size = files.find(({ name }) => name === 'index.js')?.sizeBytes;
  console.log(`\nindex.js: ${size} bytes. From the start of Node (median of 5): loaded after ${loaded} ms, opened after ${opened} ms, first mention after ${tagged} ms`); // prettier-ignore
}
