// Finds the fastest correct variant for each matrix product of a plan on the current device, by running and comparing them.
import type { DropoutRates } from '../../model/blocks/dropout.ts';
import type { BatchSize } from '../../model/blocks/encoderFamily.ts';
import type { TaggerShape } from '../../model/parameters.ts';
import type { MatmulTable, Precision } from '../../schema/machineSettings.ts';
import type { Progress } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { GpuMemory } from '../gpu/device.ts';
import { Pipelines } from '../gpu/kernel.ts';
import { LaunchPlan, type LaunchPlanParts } from '../gpu/launchPlan.ts';
import { Arena, Recorder, type Region, type Resident } from '../gpu/recorder.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import {
  hardwareTuning,
  isUsableVariant,
  matmulCandidates,
  matmulClass,
  matmulWork,
  type MatmulClass,
  type MatmulShape,
  type MatmulTuning,
  type MatmulVariant,
} from '../kernels/matmul/matmulTuning.ts';
import { passWithoutDevice } from '../network/taggerEngine.ts';
import { recordGradients } from '../network/taggerPass.ts';

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

// Runs variants of one matrix product on a device, to time and compare them.

/** One variant, compiled and run once. */
export interface MatmulCandidate {
  readonly variant: MatmulVariant;
  /** Measures the milliseconds per product by the wall clock, until the work is done. */
  elapsedMs(): Promise<number>;
  /** Returns the words at the start and end of the output, at most `SAMPLE` each. */
  sample(): Promise<Float32Array<ArrayBuffer>>;
  release(): void;
}

const SAMPLE = 2048;
/** Shorter products are timed in batches, or the measurement would only be the wait for the device. */
const SHORT_MS = 4;
const AT_ONCE = 32;

/** Coprime to the lengths of matrices. */
const PERIOD = 65537;

/** Element of every matrix, between -1 and 1, from a repeating sequence. */
function numberAt(index: number): number {
  const at = index % PERIOD;
  return Math.fround(Math.sin(at * at));
}

export class MatmulTrial {
  private readonly shape: MatmulShape;
  private readonly memory: GpuMemory;
  private readonly arena: Arena;
  private readonly home: LaunchPlanParts;
  private readonly buffers = new Map<Resident, GPUBuffer>();
  private readonly regions: { readonly a: Region; readonly b: Region; readonly out: Region; readonly state: Region };

  /** Creates the matrices, with numbers between -1 and 1. */
  constructor(device: GPUDevice, shape: MatmulShape, pipelines = new Pipelines(device)) {
    const { rows, columns, inner, batch = 1, strides = { a: 0, b: 0, out: 0 }, sum = false } = shape;
    this.shape = shape;
    this.memory = new GpuMemory(device);
    this.arena = new Arena(this.memory);
    this.regions = {
      a: this.resident('a', rows * inner + strides.a * (batch - 1)),
      b: this.resident('b', inner * columns + strides.b * (batch - 1)),
      out: this.resident('out', rows * columns + (sum ? 0 : strides.out * (batch - 1))),
      state: this.resident('state', 64),
    };
    this.fill(this.regions.a);
    this.fill(this.regions.b);
    this.home = {
      memory: this.memory,
      arena: this.arena,
      pipelines,
      bufferOf: (resident) => this.bufferOf(resident),
      workPerSubmit: 2e10,
    };
  }

  /** Throws LabError `gpu/error` if the device refuses the variant. */
  async candidate(variant: MatmulVariant): Promise<MatmulCandidate> {
    const { queue } = this.memory.device;
    const once = await this.plan(variant, 1);
    await once.run();
    await queue.onSubmittedWorkDone();
    const time = async (plan: LaunchPlan, times: number): Promise<number> => {
      const start = performance.now();
      await plan.run();
      await queue.onSubmittedWorkDone();
      return (performance.now() - start) / times;
    };
    const short = (await time(once, 1)) < SHORT_MS;
    const many = short ? await this.plan(variant, AT_ONCE) : null;
    if (many !== null) await time(many, AT_ONCE);
    return {
      variant,
      elapsedMs: () => (many === null ? time(once, 1) : time(many, AT_ONCE)),
      sample: async () => {
        this.clear();
        await once.run();
        return this.sample();
      },
      release: () => {
        once.release();
        many?.release();
      },
    };
  }

  /** Returns the `sample` of a correct variant, computed in float64. */
  expectedSample(): Float64Array {
    const { kind, rows, columns, inner } = this.shape;
    const a = (row: number, k: number): number => numberAt(kind === 'tn' ? k * rows + row : row * inner + k);
    const b = (k: number, column: number): number =>
      numberAt(kind === 'nt' ? column * inner + k : k * columns + column);
    const length = rows * columns;
    const words = Math.min(SAMPLE, length);
    return Float64Array.from({ length: 2 * words }, (_, at) => {
      const element = at < words ? at : length - 2 * words + at;
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a(Math.floor(element / columns), k) * b(k, element % columns);
      return sum;
    });
  }

  release(): void {
    this.arena.release();
    for (const buffer of this.buffers.values()) this.memory.release(buffer);
  }

  private plan(variant: MatmulVariant, times: number): Promise<LaunchPlan> {
    const recorder = new Recorder();
    for (let time = 0; time < times; time++) {
      recordMatmul(recorder, { variantFor: () => variant }, this.shape, this.regions);
    }
    return LaunchPlan.compile(recorder.launches, this.home);
  }

  private resident(label: string, length: number): Region {
    const buffer: Resident = { kind: 'resident', label, length };
    this.buffers.set(buffer, this.memory.create(label, length));
    return { buffer, offset: 0, length };
  }

  private bufferOf(resident: Resident): GPUBuffer {
    return this.buffers.get(resident) as GPUBuffer;
  }

  private fill({ buffer, length }: Region): void {
    const numbers = Float32Array.from({ length: PERIOD }, (_, at) => numberAt(at));
    const gpu = this.bufferOf(buffer as Resident);
    for (let at = 0; at < length; at += numbers.length) {
      this.memory.device.queue.writeBuffer(gpu, at * 4, numbers, 0, Math.min(numbers.length, length - at));
    }
  }

  /** Ensures that results of an earlier variant are never mistaken for those of a later one. */
  private clear(): void {
    const { device } = this.memory;
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(this.bufferOf(this.regions.out.buffer as Resident));
    device.queue.submit([encoder.finish()]);
  }

  private async sample(): Promise<Float32Array<ArrayBuffer>> {
    const { device } = this.memory;
    const out = this.bufferOf(this.regions.out.buffer as Resident);
    const size = Math.min(SAMPLE * 4, out.size);
    const staging = device.createBuffer({ size: size * 2, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(out, 0, staging, 0, size);
    encoder.copyBufferToBuffer(out, out.size - size, staging, size, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return values;
  }
}
