// Trains the runs of a plan in f32 and in mixed precision, with the kernels that hardware gets whatever the adapter is, and prints F1 of both.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inputFolder } from '../headless/inputFolder.ts';
import { LocalLab } from '../src/lab/lab.ts';
import type { Lab } from '../src/lab/state/labState.ts';
import type { Precision } from '../src/schema/machineSettings.ts';
import type { PlanFile } from '../src/schema/planFile.ts';
import type { RunRecord } from '../src/schema/runRecord.ts';
import { memory } from '../src/storage/store.ts';
import { connect, portWire } from '../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';
import { createTrainingServer } from '../workers/trainingServer.ts';
import { spreadOf, spreadText } from './benchReport.ts';

// Run by hand, in Node on an adapter with f16: npx tsx bench/precision.bench.ts PLAN.json CORPORA
const [planFile, corpora] = process.argv.slice(2);
if (planFile === undefined || corpora === undefined) throw new Error('usage: npx tsx bench/precision.bench.ts PLAN.json CORPORA'); // prettier-ignore
const plan = JSON.parse(await readFile(planFile, 'utf8')) as PlanFile;
const publicFolder = path.resolve(import.meta.dirname, '../public');

const EMULATED = { vendor: 'emulated', architecture: 'emulated', device: 'emulated', description: 'emulated' };

/** The adapter under a name that no emulated one has: products and attention in f16 are for hardware. */
function asHardware(gpu: GPU): GPU {
  const withInfo = (adapter: GPUAdapter): GPUAdapter =>
    new Proxy(adapter, {
      get(target, key) {
        if (key === 'info') return { ...EMULATED, isFallbackAdapter: false };
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  return new Proxy(gpu, {
    get: (target, key) =>
      key === 'requestAdapter'
        ? async (options?: GPURequestAdapterOptions) => {
            const adapter = await target.requestAdapter(options);
            return adapter && withInfo(adapter);
          }
        : (Reflect.get(target, key, target) as unknown),
  });
}

function openServer() {
  const channel = new MessageChannel();
  const gpu = async (): Promise<GPU | undefined> => {
    const found = await nodePlatform.gpu();
    return found && asHardware(found);
  };
  createTrainingServer({ store, wire: portWire(channel.port2), platform: { ...nodePlatform, gpu } });
  return connect<ServerCalls, RunEvent>(portWire(channel.port1));
}

let store = memory();

async function ended(lab: Lab, runIds: readonly string[]): Promise<readonly RunRecord[]> {
  return new Promise((resolve) => {
    const look = (): void => {
      const records = lab.getState().runs.flatMap(({ record }) => (runIds.includes(record.spec.id) ? [record] : []));
      if (records.length < runIds.length || records.some(({ status }) => status === 'running' || status === 'queued')) return; // prettier-ignore
      stop();
      resolve(records);
    };
    const stop = lab.subscribe(look);
  });
}

async function train(precision: Precision): Promise<readonly RunRecord[]> {
  store = memory();
  const lab = new LocalLab({
    store,
    openServer,
    fetchBuiltIn: async (file) => new Uint8Array(await readFile(path.join(publicFolder, file))),
    software: 'bench',
  });
  await lab.open('webgpu');
  await lab.setMachine({ ...lab.getState().machine, precision });
  for (const { corpus } of plan.categories.flatMap(({ tasks }) => tasks)) {
    await lab.importFiles(await inputFolder('corpora', corpus.name, corpora as string));
  }
  const { backend } = lab.getState();
  if (backend.status !== 'ready') throw new Error(`The backend did not start: ${JSON.stringify(backend)}`);
  const records = await ended(lab, await lab.startPlan(plan));
  for (const { spec, failure, environments } of records) {
    if (failure !== null) throw new Error(`${spec.id}: ${failure.message}`);
    if (environments.at(-1)?.precision !== precision) throw new Error(`The run was not trained in ${precision}.`);
  }
  return records;
}

const f1 = ({ snapshots, selectedEpoch }: RunRecord, split: 'devel' | 'test'): number =>
  snapshots.find(({ epoch }) => epoch === selectedEpoch)?.[split][0]?.lenient.overall.f1 ?? NaN;

const [single, mixed] = [await train('f32'), await train('mixed')];
console.log(`${single[0]?.environments.at(-1)?.device ?? ''}; ${plan.name}; ${new Date().toISOString()}`);
console.log('seed | method | devel F1 f32 | mixed | test F1 f32 | mixed | largest difference of a loss, %');
for (const one of single) {
  const other = mixed.find(({ spec }) => spec.id === one.spec.id);
  if (other === undefined) continue;
  const losses = one.steps.map(({ loss }, index) => 100 * Math.abs((other.steps[index]?.loss ?? NaN) / loss - 1));
  const scores = [f1(one, 'devel'), f1(other, 'devel'), f1(one, 'test'), f1(other, 'test')];
  console.log([one.spec.seed, one.spec.method, ...scores.map((score) => score.toFixed(2)), Math.max(...losses).toFixed(2)].join(' | ')); // prettier-ignore
}
const differences = single.map((one, index) => f1(mixed[index] as RunRecord, 'test') - f1(one, 'test'));
console.log(`test F1, mixed less f32: ${spreadText(spreadOf(differences))}`);
process.exit(0);
