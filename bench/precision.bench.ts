// Trains the runs of a plan in f32 and with products and attention in f16, each with the kernels for hardware, and prints F1 of both.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inputFolder } from '../headless/inputFolder.ts';
import { requestGpu, type OpenDevice } from '../src/engine/gpu/device.ts';
import { computeOptionsFor } from '../src/engine/network/computeOptions.ts';
import { LocalLab } from '../src/lab/lab.ts';
import { defaultMachineSettings, type Precision } from '../src/schema/machineSettings.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { queuedRun, type RunRecord, type RunSpec } from '../src/schema/runRecord.ts';
import { memory, type Store } from '../src/storage/store.ts';
import { checkpointsInto } from '../src/training/checkpointWriter.ts';
import { encodeTasks } from '../src/training/encodeTasks.ts';
import { initialEncoder, startWeights } from '../src/training/startWeights.ts';
import { train } from '../src/training/train.ts';
import { drain } from '../src/util/clock.ts';
import { connect, portWire } from '../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../src/wire/trainingProtocol.ts';
import { dawnEntry, MATRIX_FLAGS, nodePlatform } from '../workers/nodePlatform.ts';
import { readInputs } from '../workers/runInputs.ts';
import { createTrainingServer } from '../workers/trainingServer.ts';
import { spreadOf, spreadText } from './benchReport.ts';

// Run by hand, in Node on an adapter with f16: npx tsx bench/precision.bench.ts PLAN.json CORPORA. Its runs start from the pretrained model.
const [planFile = '', corpora = ''] = process.argv.slice(2);
if (corpora === '') throw new Error('usage: npx tsx bench/precision.bench.ts PLAN.json CORPORA');
const plan = JSON.parse(await readFile(planFile, 'utf8')) as PlanFile;
const publicFolder = path.resolve(import.meta.dirname, '../public');

/** Imports what the plan needs into a store; returns its runs. */
async function runsIn(store: Store): Promise<readonly RunSpec[]> {
  const lab = new LocalLab({
    store,
    openServer() {
      const channel = new MessageChannel();
      createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatform });
      return connect<ServerCalls, RunEvent>(portWire(channel.port1));
    },
    fetchBuiltIn: async (file) => new Uint8Array(await readFile(path.join(publicFolder, file))),
    software: 'bench',
  });
  await lab.open('cpu');
  for (const { corpus } of plan.categories.flatMap(({ tasks }) => tasks)) {
    await lab.importFiles(await inputFolder('corpora', corpus.name, corpora));
  }
  return lab.previewPlan(plan).nodes.map(({ spec }) => spec);
}

/** Trains a run without tuning, which would choose products in f32 wherever they are faster. */
async function trained(store: Store, spec: RunSpec, device: OpenDevice, precision: Precision): Promise<RunRecord> {
  const { signal } = new AbortController();
  const { model, encoder, fixed, texts } = await readInputs(store, spec);
  const pretrained = initialEncoder(model.config, model.encoder, spec.seed);
  const tasks = await drain(encodeTasks(texts, { ...model, config: encoder }, spec, signal));
  const hardware = { software: false, matrixUnit: device.matrixUnit };
  const target = memory();
  return drain(
    train({
      record: queuedRun(spec, new Date().toISOString()),
      tasks,
      pretrained,
      fixed,
      weights: () => startWeights(spec, pretrained, target, encoder),
      store: target,
      checkpoints: checkpointsInto(target),
      health,
      home: { ...device, compute: computeOptionsFor(hardware, { ...defaultMachineSettings, precision }) },
      signal,
      until: Infinity,
    }),
  );
}

const f1 = ({ snapshots, selectedEpoch }: RunRecord, split: 'devel' | 'test'): number =>
  snapshots.find(({ epoch }) => epoch === selectedEpoch)?.[split][0]?.lenient.overall.f1 ?? NaN;

const inputs = memory();
const specs = await runsIn(inputs);
const adapter = await (await dawnEntry(MATRIX_FLAGS))?.requestAdapter();
if (adapter?.features.has('shader-f16') !== true) throw new Error('There is no adapter with shader-f16.');
const { gpu, health } = await requestGpu(adapter, 'bench');
console.log(`${gpu.adapter}; ${gpu.matrixUnit === null ? 'no matrix unit' : 'matrix units'}; ${plan.name}; ${new Date().toISOString()}`); // prettier-ignore
console.log('seed | method | devel F1 f32 | mixed | test F1 f32 | mixed | largest difference of a loss, %');
const differences: number[] = [];
for (const spec of specs) {
  const single = await trained(inputs, spec, gpu, 'f32');
  const mixed = await trained(inputs, spec, gpu, 'mixed');
  const losses = single.steps.map(({ loss }, index) => 100 * Math.abs((mixed.steps[index]?.loss ?? NaN) / loss - 1));
  const scores = [f1(single, 'devel'), f1(mixed, 'devel'), f1(single, 'test'), f1(mixed, 'test')];
  console.log([spec.seed, spec.method, ...scores.map((score) => score.toFixed(2)), Math.max(...losses).toFixed(2)].join(' | ')); // prettier-ignore
  differences.push(f1(mixed, 'test') - f1(single, 'test'));
}
console.log(`test F1, mixed less f32: ${spreadText(spreadOf(differences))}`);
process.exit(0);
