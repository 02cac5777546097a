// Times every variant of the engine's matrix products in alternation, on a device of the browser or of Node.
import { Pipelines } from '../src/engine/gpu/kernel.ts';
import {
  hardwareTuning,
  matmulCandidates,
  matmulWork,
  softwareTuning,
  variantName,
  type MatmulShape,
  type MatmulTuning,
  type MatmulVariant,
} from '../src/engine/kernels/matmul/matmulTuning.ts';
import type { EngineGpu } from '../src/engine/network/computeOptions.ts';
import { MatmulTrial, type MatmulCandidate } from '../src/engine/tuning/autotune.ts';
import type { Precision } from '../src/schema/machineSettings.ts';
import { gpuFor, openBenchDevice } from './benchDevice.ts';
import { percent, shortNumber, type BenchHome, type BenchReport, type BenchRequest } from './benchReport.ts';

export interface MatmulTiming {
  readonly shape: MatmulShape;
  readonly variant: MatmulVariant;
  readonly name: string;
  /** 1e9 multiplications and additions per second: median, minimum and maximum of the rounds. */
  readonly gflops: number;
  readonly least: number;
  readonly most: number;
  /** Median speed as a share of the fastest variant's for this shape. */
  readonly share: number;
  /** Milliseconds until the variant had been compiled and had run twice. */
  readonly firstMs: number;
}

export interface MatmulBenchOptions {
  readonly rounds?: number;
  readonly precision?: Precision;
  /** Variants to time for a shape; by default all tuning candidates and the untuned one. */
  readonly variantsFor?: (shape: MatmulShape) => readonly MatmulVariant[];
  /** Called for variants the device refuses. */
  readonly onRefused?: (shape: MatmulShape, variant: MatmulVariant, error: unknown) => void;
}

/** Returns the timings of each shape, fastest first. */
export async function benchMatmul(
  device: GPUDevice,
  shapes: readonly MatmulShape[],
  { rounds = 7, precision = 'f32', variantsFor, onRefused }: MatmulBenchOptions = {},
): Promise<readonly MatmulTiming[]> {
  const pipelines = new Pipelines(device);
  const timings: MatmulTiming[] = [];
  for (const shape of shapes) {
    const trial = new MatmulTrial(device, shape, pipelines);
    const runs: { contender: MatmulCandidate; firstMs: number; times: number[] }[] = [];
    for (const variant of distinct(variantsFor?.(shape) ?? usual(shape, precision))) {
      const start = performance.now();
      try {
        runs.push({ contender: await trial.candidate(variant), firstMs: performance.now() - start, times: [] });
      } catch (error) {
        onRefused?.(shape, variant, error);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const { contender, times } of runs) times.push(await contender.elapsedMs());
    }
    for (const { contender } of runs) contender.release();
    trial.release();
    timings.push(...timingsOf(shape, runs));
  }
  return timings;
}

function timingsOf(
  shape: MatmulShape,
  runs: readonly { contender: MatmulCandidate; firstMs: number; times: readonly number[] }[],
): readonly MatmulTiming[] {
  const speed = (elapsedMs: number): number => matmulWork(shape) / elapsedMs / 1e6;
  const measured = runs.map(({ contender, firstMs, times }) => {
    const sorted = [...times].sort((left, right) => left - right);
    const [most, gflops, least] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map((at) =>
      speed(sorted[at] ?? NaN),
    ) as [number, number, number];
    return { shape, variant: contender.variant, name: variantName(contender.variant), gflops, least, most, firstMs };
  });
  const best = Math.max(...measured.map(({ gflops }) => gflops));
  return measured
    .map((one) => ({ ...one, share: one.gflops / best }))
    .sort((left, right) => right.gflops - left.gflops);
}

function usual(shape: MatmulShape, precision: Precision): readonly MatmulVariant[] {
  const untuned: readonly MatmulTuning[] = [hardwareTuning(precision), softwareTuning()];
  return [...untuned.map((tuning) => tuning.variantFor(shape)), ...matmulCandidates(shape, precision)];
}

function distinct(variants: readonly MatmulVariant[]): readonly MatmulVariant[] {
  return [...new Map(variants.map((variant) => [variantName(variant), variant])).values()];
}

/** Products of one layer, forward and backward, by the rows of a batch, the hidden size and the inner size. */
export function layerProducts(rows: number, d: number, inner: number): readonly MatmulShape[] {
  const into = 'write';
  const tokens = { a: 0, b: d * d, out: rows * d };
  return [
    { kind: 'nn', rows, columns: d, inner: d, batch: 3, strides: tokens, into },
    { kind: 'nn', rows, columns: inner, inner: d, into },
    { kind: 'nn', rows, columns: d, inner, into },
    { kind: 'nt', rows, columns: d, inner: d, batch: 3, strides: { a: rows * d, b: d * d, out: 0 }, sum: true, into },
    { kind: 'nt', rows, columns: inner, inner: d, into },
    { kind: 'nt', rows, columns: d, inner, into },
    { kind: 'tn', rows: d, columns: d, inner: rows, batch: 3, strides: { a: 0, b: rows * d, out: d * d }, into },
    { kind: 'tn', rows: d, columns: inner, inner: rows, into },
    { kind: 'tn', rows: inner, columns: d, inner: rows, into },
  ];
}

const REFERENCE = { hardware: 1024, software: 512 };

/** GFLOP/s of the fastest variant for one large square product: the reference for others. */
export async function bestMatmulSpeed(gpu: EngineGpu, say: (line: string) => void): Promise<number> {
  const size = gpu.software ? REFERENCE.software : REFERENCE.hardware;
  say(`the best matrix product of ${size} x ${size} x ${size}`);
  const shape = { kind: 'nn', rows: size, columns: size, inner: size, into: 'write' } as const;
  const timings = await benchMatmul(gpu.device, [shape], { rounds: 3, variantsFor: contendersOn(gpu) });
  return Math.max(...timings.map(({ most }) => most));
}

/**
 * Measures the products of one layer at the requested shape: the current variant and the fastest, compared with the fastest product
 * of the whole run.
 */
export async function benchMatmuls({ shape, rounds }: BenchRequest, home: BenchHome): Promise<BenchReport> {
  const device = await openBenchDevice(home);
  const gpu = await gpuFor(device, { ...shape, tuned: false }, home.say);
  const used = (one: MatmulShape): string => variantName(gpu.compute.tuning.variantFor(one));
  const shapes = layerProducts(shape.batch * shape.length, shape.d, shape.ff);
  const timings: MatmulTiming[] = [];
  for (const [at, one] of shapes.entries()) {
    home.say(`product ${at + 1} of ${shapes.length}: ${productName(one)}`);
    const onRefused = (_: MatmulShape, variant: MatmulVariant, error: unknown): void => home.say(`${variantName(variant)} is refused: ${String(error)}`); // prettier-ignore
    timings.push(...(await benchMatmul(gpu.device, [one], { rounds, variantsFor: contendersOn(gpu), onRefused })));
    await device.finish();
  }
  const best = Math.max(await bestMatmulSpeed(gpu, home.say), ...timings.map(({ gflops }) => gflops));
  const cells = (timing: MatmulTiming | undefined): readonly string[] =>
    timing === undefined ? ['–', '–', '–'] : [timing.name, shortNumber(timing.gflops), percent(timing.gflops / best)];
  const rows = shapes.map((one) => {
    const own = timings.filter((timing) => timing.shape === one);
    return [productName(one), ...cells(own.find(({ name }) => name === used(one))), ...cells(own[0])];
  });
  const columns = ['product', 'used untuned', 'GFLOP/s', 'of the best', 'fastest', 'GFLOP/s', 'of the best'];
  const notes = [
    `Medians of ${rounds} rounds, all variants in turn. The best matrix product of this run: ${shortNumber(best)} GFLOP/s.`,
    ...(gpu.software ? ['The adapter is emulated on the processor: variants with workgroup memory are left out, and speeds say nothing of a GPU.'] : []), // prettier-ignore
  ];
  const table = { title: 'Matrix products of one layer', columns, rows, notes };
  return { adapter: device.adapter, software: gpu.software, tables: [table], measured: { best, timings } };
}

/**
 * Returns the current variant and the tuning candidates; tiles in workgroup memory take a software adapter minutes to compile, and
 * are slower there.
 */
function contendersOn({ software, compute: { tuning, precision } }: EngineGpu) {
  return (shape: MatmulShape): readonly MatmulVariant[] => {
    const all = usual(shape, precision);
    const tried = software ? all.filter(({ family, splits }) => family === 'direct' && splits === 1) : all;
    return [tuning.variantFor(shape), ...tried];
  };
}

function productName({ kind, rows, columns, inner, batch = 1, sum = false }: MatmulShape): string {
  return `${kind} ${rows}x${columns}x${inner}${batch === 1 ? '' : `, ${sum ? 'sum' : 'batch'} of ${batch}`}`;
}
