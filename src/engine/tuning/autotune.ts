// Finds the fastest correct variant for each matrix product of a plan on the current device.
import type { BatchSize } from '../../model/blocks/batch.ts';
import type { DropoutRates } from '../../model/blocks/dropout.ts';
import type { TaggerShape } from '../../model/tagger.ts';
import type { Precision } from '../../schema/machineSettings.ts';
import type { MatmulTable } from '../../schema/matmulTable.ts';
import { LabError } from '../../util/labError.ts';
import type { Progress } from '../../util/work.ts';
import { Pipelines } from '../gpu/pipelines.ts';
import { matmulClass, matmulWork, type MatmulClass, type MatmulShape } from '../kernels/matmul/matmulShape.ts';
import { hardwareTuning, matmulCandidates, type MatmulTuning } from '../kernels/matmul/matmulTuning.ts';
import { isUsableVariant, type MatmulVariant } from '../kernels/matmul/matmulVariant.ts';
import { passWithoutDevice } from '../network/estimateMemory.ts';
import { recordGradients } from '../network/taggerPass.ts';
import { MatmulTrial } from './matmulTrial.ts';

interface AutotuneOptions {
  /** Description of the adapter, stored in the table. */
  readonly adapter: string;
  readonly precision?: Precision;
  /** The current tuning: its variant is a candidate, and its numbers are the reference. `hardwareTuning()` if absent. */
  readonly untuned?: MatmulTuning;
  /** Candidates for a product; `matmulCandidates` if absent. */
  readonly candidatesFor?: (shape: MatmulShape) => readonly MatmulVariant[];
  /** Milliseconds after which no further class of products is started; the heaviest come first. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
  /** The known table: its classes are not tuned again. */
  readonly known?: MatmulTable;
  readonly pipelines?: Pipelines;
}

const TIMINGS = 3;
/** A candidate this many times slower than the fastest so far is timed only once. */
const HOPELESS = 2;

/**
 * Tunes every class among `shapes` (a product listed twice counts twice) that is not known, within the budget, and returns a table
 * of all. Classes not reached keep their untuned variant permanently: a resumed run must find the same variants. Throws the abort
 * reason of `signal`.
 */
export async function* tuneMatmul(
  device: GPUDevice,
  shapes: readonly MatmulShape[],
  options: AutotuneOptions,
): AsyncGenerator<Progress, MatmulTable> {
  const { adapter, budgetMs = Infinity, signal, known, untuned = hardwareTuning() } = options;
  const knownKeys = new Set(known?.entries.map(({ key }) => key));
  const classes = heaviestFirst(shapes).filter(({ key }) => !knownKeys.has(key));
  const pipelines = options.pipelines ?? new Pipelines(device);
  const start = performance.now();
  const entries: MatmulTable['entries'] = [...(known?.entries ?? [])];
  for (const [done, { key, shape }] of classes.entries()) {
    yield { phase: 'tuning', done, of: classes.length };
    signal?.throwIfAborted();
    const inTime = performance.now() - start < budgetMs;
    const fastest = inTime ? await fastestOf(device, pipelines, shape, options) : null;
    const variant = fastest?.variant ?? untuned.variantFor(shape);
    entries.push({ key, variant, gflops: fastest === null ? null : matmulWork(shape) / fastest.elapsedMs / 1e6 });
  }
  signal?.throwIfAborted();
  if (classes.length > 0) yield { phase: 'tuning', done: classes.length, of: classes.length };
  return { version: 1, adapter, entries };
}

function heaviestFirst(shapes: readonly MatmulShape[]): readonly MatmulClass[] {
  const classes = new Map<string, { readonly one: MatmulClass; work: number }>();
  for (const shape of shapes) {
    const one = matmulClass(shape);
    if (one === null) continue;
    const known = classes.get(one.key) ?? { one, work: 0 };
    known.work += matmulWork(shape);
    classes.set(one.key, known);
  }
  return [...classes.values()].sort((left, right) => right.work - left.work).map(({ one }) => one);
}

interface Timed {
  readonly variant: MatmulVariant;
  readonly elapsedMs: number;
}

/** Null if even the untuned variant cannot run. */
async function fastestOf(
  device: GPUDevice,
  pipelines: Pipelines,
  shape: MatmulShape,
  { precision = 'f32', untuned = hardwareTuning(), candidatesFor, signal }: AutotuneOptions,
): Promise<Timed | null> {
  const trial = new MatmulTrial(device, shape, pipelines);
  const standard = untuned.variantFor(shape);
  const others = candidatesFor?.(shape) ?? matmulCandidates(shape, precision);
  let truth: Float32Array | null = null;
  let fastest: Timed | null = null;
  try {
    for (const variant of [standard, ...others]) {
      signal?.throwIfAborted();
      if (!isUsableVariant(variant)) continue;
      const timed: { readonly elapsedMs: number; readonly values: Float32Array } | null = await timeOf(
        trial,
        variant,
        fastest === null ? Infinity : fastest.elapsedMs * HOPELESS,
      );
      if (variant === standard) truth = timed?.values ?? null;
      if (truth === null) return null;
      if (timed === null || !isSameProduct(timed.values, truth, shape, precision)) continue;
      if (fastest === null || timed.elapsedMs < fastest.elapsedMs) fastest = { variant, elapsedMs: timed.elapsedMs };
    }
    return fastest;
  } finally {
    trial.release();
  }
}

/** Returns the median of a few timings, and some of the numbers; null if the device refuses the variant. */
async function timeOf(
  trial: MatmulTrial,
  variant: MatmulVariant,
  hopelessMs: number,
): Promise<{ readonly elapsedMs: number; readonly values: Float32Array } | null> {
  try {
    const candidate = await trial.candidate(variant);
    const times = [await candidate.elapsedMs()];
    while (times.length < TIMINGS && Math.min(...times) < hopelessMs) times.push(await candidate.elapsedMs());
    const values = await candidate.sample();
    candidate.release();
    times.sort((left, right) => left - right);
    return { elapsedMs: times[Math.floor(times.length / 2)] as number, values };
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

/** Whether two results agree up to the rounding of sums of products of numbers between -1 and 1. */
export function isSameProduct(
  values: Float32Array,
  truth: Float32Array,
  shape: MatmulShape,
  precision: Precision,
): boolean {
  const terms = shape.inner * (shape.batch ?? 1);
  const tolerance = (precision === 'mixed' ? 3e-3 : 1e-5) * Math.sqrt(terms);
  return values.every((value, at) => Math.abs(value - (truth[at] as number)) <= tolerance);
}

/** Returns every product of a micro-batch, as often as it is computed. */
export function recordedProducts(shape: TaggerShape, rates: DropoutRates, size: BatchSize): readonly MatmulShape[] {
  const products: MatmulShape[] = [];
  const usual = hardwareTuning();
  const tuning = {
    variantFor(product: MatmulShape) {
      products.push(product);
      return usual.variantFor(product);
    },
  };
  const { given, stepLoss } = passWithoutDevice(shape, { tuning, attention: 'tiled', blocks: 'rows' }, size);
  recordGradients(given, rates, 'whole', stepLoss);
  return products;
}
