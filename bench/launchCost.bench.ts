// Measures what a step costs before a GPU computes: launches, bytes, and the processor time of JavaScript and of Dawn's front end on its null backend.
import { Pipelines } from '../src/engine/gpu/kernel.ts';
import { GpuMachine } from '../src/engine/gpu/launchPlan.ts';
import { computeOptionsFor } from '../src/engine/network/computeOptions.ts';
import type { LayerBlocks } from '../src/engine/network/encoderPass.ts';
import { TaggerEngine } from '../src/engine/network/taggerEngine.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { dawnEntry } from '../workers/nodePlatform.ts';
import { configOf, readBenchShape, taggerOf } from './benchShape.ts';

/** `npx tsx bench/launchCost.bench.ts [SHAPE] [ROUNDS]`: layers product by product and row by row, alternating. */
const shape = readBenchShape(process.argv[2] ?? 'issue,dropout=0.1');
const rounds = Number(process.argv[3] ?? 20);
const STEPS = 20;

const entry = await dawnEntry(['backend=null']);
const adapter = await entry?.requestAdapter();
if (adapter == null) throw new Error('Dawn has no null backend here');
const device = await adapter.requestDevice();
const pipelines = new Pipelines(device);
const tagger = taggerOf(shape);
const batch = drawnBatch(tagger, shape.batch, shape.length);

const open = (blocks: LayerBlocks): TaggerEngine => {
  const compute = { ...computeOptionsFor({ software: false }), blocks };
  return new TaggerEngine(new GpuMachine({ device, pipelines }, compute), {
    ...compute,
    shape: tagger,
    config: configOf(shape),
    trained: () => true,
    factorsOf: () => ({ rate: 1, gradient: 1 }),
  });
};
const engines = { 'product by product': open('products'), 'row by row': open('rows') };

let step = 0;
async function timeOf(engine: TaggerEngine): Promise<number> {
  // Processor time: other programs may use the machine meanwhile.
  const before = process.cpuUsage();
  for (let at = 0; at < STEPS; at++) await engine.step([batch], { seed: 1, step: ++step, learningRate: 1e-4 });
  const { user, system } = process.cpuUsage(before);
  const elapsedMs = (user + system) / 1000 / STEPS;
  await device.queue.onSubmittedWorkDone();
  return elapsedMs;
}

const times = new Map<string, number[]>(Object.keys(engines).map((name) => [name, []]));
for (const engine of Object.values(engines)) for (let warm = 0; warm < 5; warm++) await timeOf(engine);
for (let round = 0; round < rounds; round++) {
  for (const [name, engine] of Object.entries(engines)) times.get(name)?.push(await timeOf(engine));
}
const spread = (values: readonly number[]): string => {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(2);
  return `${at(0.5)} (${at(0)} to ${at(1)})`;
};
console.log(
  `A step of ${shape.batch} sequences of ${shape.length}, ${rounds} rounds of ${STEPS} steps each, on Dawn's null backend`,
);
console.log('| layers | launches | MB on the GPU | ms of the processor a step |\n| --- | --- | --- | --- |');
for (const [name, engine] of Object.entries(engines)) {
  const { gradients, update } = engine.launches;
  const bytes = (engine.machine.bytes / 1e6).toFixed(1);
  console.log(`| ${name} | ${gradients + update} | ${bytes} | ${spread(times.get(name) ?? [])} |`);
}
const [apart = [], together = []] = [...times.values()];
console.log(`Ratio within a round: ${spread(together.map((ms, at) => ms / (apart[at] as number)))}`);
process.exit(0);
