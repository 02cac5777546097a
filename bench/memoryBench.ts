// Estimates and counts the memory of a step without launching anything: a fake device counts the real engine's allocations.
import { countedSteps, plannedStep, type CountedStep, type PlannedStep } from '../tests/fixtures/countedStep.ts';
import { megabytes, type BenchHome, type BenchReport, type BenchRequest, type BenchTable } from './benchReport.ts';
import { benchShapes, taggerOf, type BenchShape } from './benchShape.ts';

interface StepMemory {
  readonly name: string;
  readonly shape: BenchShape;
  readonly planned: PlannedStep;
  readonly counted: CountedStep;
  /** Maximum bytes allowed; null for no target. */
  readonly target: number | null;
}

const dropout = 0.1;
const base = { ...benchShapes.base, dropout };
const large = { ...benchShapes.large, dropout };
const bert = { ...benchShapes['bert-base'], dropout };
const TARGETS: readonly (readonly [name: string, shape: BenchShape, target: number | null])[] = [
  ['XLNet-base, 8 of 128', base, 2.6e9],
  ['  mixed precision', { ...base, precision: 'mixed' }, null],
  ['  layers recomputed', { ...base, recompute: true }, null],
  ['XLNet-large, 6 of 512', { ...large, recompute: false }, null],
  ['  mixed precision', { ...large, recompute: false, precision: 'mixed' }, null],
  ['  layers recomputed', large, 9e9],
  ['BERT-base, 8 of 128', bert, 2.6e9],
  ['  mixed precision', { ...bert, precision: 'mixed' }, null],
  ['  layers recomputed', { ...bert, recompute: true }, null],
];
const GROWTH = { layers: [1, 2, 4, 8], batch: [1, 2, 4, 8], length: [64, 128, 256, 512, 1024] } as const;

/** Measures growth from the requested shape, changing one size at a time. */
export async function benchMemory({ shape }: BenchRequest, { say }: BenchHome): Promise<BenchReport> {
  const measure = async (name: string, one: BenchShape, target: number | null): Promise<StepMemory> => {
    const { batch, length, ...options } = one;
    const tagger = taggerOf(one);
    const counted = await countedSteps(tagger, [[batch, length]], options);
    return { name, shape: one, planned: plannedStep(tagger, batch, length, options), counted, target };
  };
  const steps: StepMemory[] = [];
  for (const [name, one, target] of TARGETS) {
    say(name);
    steps.push(await measure(name, one, target));
  }
  const growth: StepMemory[] = [];
  for (const [key, sizes] of Object.entries(GROWTH)) {
    for (const size of sizes) {
      say(`${key} ${size}`);
      growth.push(await measure(`${key} ${size}`, { ...shape, [key]: size }, null));
    }
  }
  return {
    adapter: 'no adapter: a stand-in that counts buffers and launches nothing',
    software: false,
    tables: [stepTable(steps), growthTable(shape, growth)],
    measured: { steps, growth },
  };
}

function stepTable(steps: readonly StepMemory[]): BenchTable {
  return {
    title: 'One training step, MB',
    columns: ['', 'weights', 'activations', 'planned', 'counted at peak', 'at most', 'launches', 'submits'],
    rows: steps.map(({ name, planned, counted, target }) => [
      name,
      megabytes(planned.weights),
      megabytes(planned.activations),
      megabytes(planned.bytes),
      megabytes(counted.peakBytes),
      target === null ? '' : `${megabytes(target)} ${counted.peakBytes <= target ? 'kept' : 'BROKEN'}`,
      `${counted.launches}`,
      `${counted.submits}`,
    ]),
    notes: [
      'Weights are parameters, gradients and both moments in f32; dropout 0.1. Counted: everything the engine allocated for a whole step.',
    ],
  };
}

function growthTable(shape: BenchShape, growth: readonly StepMemory[]): BenchTable {
  return {
    title: `Growth from ${shape.layers} layers, batch ${shape.batch}, length ${shape.length}, d ${shape.d}, MB`,
    columns: ['', 'activations', 'attention, a layer', 'counted at peak', 'launches'],
    rows: growth.map(({ name, planned, counted }) => [
      name,
      megabytes(planned.activations),
      megabytes(planned.attention),
      megabytes(counted.peakBytes),
      `${counted.launches}`,
    ]),
    notes: ['Attention: all temporaries that its kernels read or write, of one layer.'],
  };
}
