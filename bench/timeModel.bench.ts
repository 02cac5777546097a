// Predicts how long a run of each preset takes on this machine before any of its steps, trains it, and prints both.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LocalLab } from '../src/lab/lab.ts';
import { presets, type PresetName } from '../src/lab/plans/presets.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { memory, type Store } from '../src/storage/store.ts';
import { connect, portWire } from '../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';
import { createTrainingServer } from '../workers/trainingServer.ts';

const { values } = parseArgs({
  options: {
    /** Presets to train, by name. */
    presets: { type: 'string', default: Object.keys(presets).join(',') },
    threads: { type: 'string', default: '1' },
    /** Folder of a corpus in place of the sample: train.tsv, devel.tsv, test.tsv. */
    corpus: { type: 'string' },
    /** Runs longer than this are cut: fewer steps, so fewer epochs. */
    'most-seconds': { type: 'string', default: '60' },
    backend: { type: 'string', default: 'wasm' },
    /** `files`: as headless stores, waiting for the disk at each record; `memory`: what is computed alone. */
    store: { type: 'string', default: 'memory' },
  },
});
const threads = Number(values.threads);
const mostMs = 1000 * Number(values['most-seconds']);

function openServer(store: Store) {
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatform });
  return connect<ServerCalls, RunEvent>(portWire(channel.port1));
}

const publicFolder = path.resolve(import.meta.dirname, '../public');
const folder = await mkdtemp(path.join(os.tmpdir(), 'bioner-time-'));
const files = fileSystem(folder);
const store = values.store === 'files' ? files : memory();
const lab = new LocalLab({
  store,
  openServer: () => openServer(store),
  fetchBuiltIn: async (file) => new Uint8Array(await readFile(path.join(publicFolder, file))),
  software: 'bench',
});
await lab.open(values.backend === 'webgpu' ? 'webgpu' : 'wasm');
await lab.setMachine({ ...lab.getState().machine, threads });
const { backend, models, corpora } = lab.getState();
if (backend.status !== 'ready') throw new Error('the backend did not start');
let [corpus] = corpora;
if (values.corpus !== undefined) {
  const named = ['train.tsv', 'devel.tsv', 'test.tsv'].map(async (name) => {
    const bytes = new Uint8Array(await readFile(path.join(values.corpus as string, name)));
    return {
      path: `${path.basename(values.corpus as string)}/${name}`,
      bytes: () => Promise.resolve(bytes),
      sizeBytes: bytes.length,
    };
  });
  const { corpusIds } = await lab.importFiles((await Promise.all(named)) as never);
  corpus = lab.getState().corpora.find(({ id }) => id === corpusIds[0]);
}
const [model] = models;
if (model === undefined || corpus === undefined) throw new Error('model or corpus are missing');

const planOf = (name: PresetName, steps: number | null): PlanFile => ({
  format: 'bioner-lab-plan',
  version: 2,
  name,
  methods: ['STL'],
  slicingRates: [],
  biases: 'released',
  frozen: false,
  model: { name: model.name, fingerprint: model.fingerprint },
  categories: [
    {
      name: 'tasks',
      typeName: null,
      tasks: [
        {
          corpus: { name: corpus.name, fingerprint: corpus.fingerprint },
          type: corpus.types.length === 1 ? (corpus.types[0] ?? null) : null,
        },
      ],
    },
  ],
  seeds: [1],
  rounds: { count: 0, epochs: presets[name].rounds.epochs },
  config: steps === null ? presets[name].config : { ...presets[name].config, steps },
});

async function finished(runIds: readonly string[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = lab.subscribe(() => {
      const { runs } = lab.getState();
      if (!runIds.every((id) => runs.some(({ record }) => record.spec.id === id && record.status !== 'running' && record.status !== 'queued'))) return; // prettier-ignore
      stop();
      resolve();
    });
  });
}

const measuringMs = performance.now();
await lab.predictPlan(planOf('sample', null));
console.log(`${backend.report.environment.backend}, ${threads} threads, ${backend.report.environment.device}; ${backend.report.environment.platform}; ${new Date().toISOString()}`); // prettier-ignore
console.log(`corpus ${corpus.name}, ${corpus.counts.train.sentences} training sentences; pace and sample measured in ${((performance.now() - measuringMs) / 1000).toFixed(1)} s`); // prettier-ignore
console.log('preset | steps | predicted, s | measured, s | predicted / measured');
for (const name of values.presets.split(',') as PresetName[]) {
  let plan = planOf(name, null);
  let predictedMs = await lab.predictPlan(plan);
  const whole = lab.previewPlan(plan).stepsLeft;
  let steps = whole;
  // Packed sequences are fewer than sentences, so the number of steps is an upper bound at first.
  for (let cut = 0; cut < 3 && predictedMs !== null && predictedMs > 1.2 * mostMs; cut++) {
    steps = Math.max(3, Math.floor((steps * mostMs) / predictedMs));
    plan = planOf(name, steps);
    predictedMs = await lab.predictPlan(plan);
  }
  const startedAtMs = performance.now();
  await finished(await lab.startPlan(plan));
  const measuredMs = performance.now() - startedAtMs;
  const cut = steps < whole ? ` of ${whole}` : '';
  const seconds = (ms: number | null): string => (ms === null ? 'unknown' : (ms / 1000).toFixed(2));
  console.log(`${name} | ${steps}${cut} | ${seconds(predictedMs)} | ${seconds(measuredMs)} | ${((predictedMs ?? NaN) / measuredMs).toFixed(2)}`); // prettier-ignore
}
await files.settled();
await rm(folder, { recursive: true });
process.exit(0);
