// Benchmarks one training step: the engine against stock tfjs ops on the same device, weights and batch, in alternating runs.
import type { LaunchTime } from '../src/engine/gpu/recorder.ts';
import type { Batch } from '../src/model/blocks/encoderFamily.ts';
import type { HostParameters } from '../src/model/blocks/parameterLocation.ts';
import { newEncoder, newHead } from '../src/model/parameters.ts';
import { engineTrainer, freshState, plainTrainer, type EngineTrainer, type Trainer } from '../src/training/trainers.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { gpuFor, openBenchDevice, type BenchDevice } from './benchDevice.ts';
import {
  megabytes,
  shortNumber,
  spreadOf,
  spreadText,
  type BenchHome,
  type BenchReport,
  type BenchRequest,
  type BenchTable,
  type Spread,
} from './benchReport.ts';
import { configOf, taggerOf, type BenchShape } from './benchShape.ts';
import { GpuCounters, type GpuCounts } from './gpuCounters.ts';
import { kernelTable, kernelTimes, medianTimes, type KernelTime } from './kernelTimes.ts';
import { bestMatmulSpeed } from './matmulBench.ts';

/** One update. */
interface Run {
  /** Until `update` returned, without waiting for the GPU. */
  readonly returnedMs: number;
  /** Until the device had completed it. */
  readonly elapsedMs: number;
}

/** The costs of one step in one implementation. */
interface StepCosts {
  readonly launches: number;
  readonly submits: number;
  readonly peakBytes: number;
  /** JavaScript time with launches submitted, and with launches suppressed, which excludes a GPU emulated on the same CPU. */
  readonly scriptMs: Spread;
  readonly scriptSuppressedMs: Spread;
  readonly elapsedMs: Spread;
  /** Sum of the losses of all real updates. */
  readonly loss: number;
}

export interface StepMeasured {
  readonly ours: StepCosts;
  readonly stock: StepCosts | null;
  /** Stock time over the engine's, by round. */
  readonly ratio: Spread | null;
  /** Pieces the engine trains on per second. */
  readonly piecesPerSecond: number;
  readonly kernels: readonly KernelTime[] | null;
  readonly bestMatmulGflops: number | null;
}

const LEARNING_RATE = 1e-4;
const SUPPRESSED_RUNS = { ours: 20, stock: 3 };
/**
 * Stock tfjs is warmed up only on hardware: a software adapter compiles everything while launches are suppressed, and a stock step
 * takes minutes there. The engine sizes its submits by its first step.
 */
const WARM_UPS = 2;
/** Steps with individually timed launches; each launch counts with the median. */
const PROFILES = 3;

class Contender {
  readonly runs: Run[] = [];
  suppressed: readonly Run[] = [];
  perStep: Pick<GpuCounts, 'launches' | 'submits'> = { launches: 0, submits: 0 };
  private readonly name: 'ours' | 'stock';
  private readonly device: BenchDevice;
  private readonly counters: GpuCounters;
  private readonly batch: Batch;
  private step = 0;

  constructor(name: 'ours' | 'stock', device: BenchDevice, counters: GpuCounters, batch: Batch) {
    this.name = name;
    this.device = device;
    this.counters = counters;
    this.batch = batch;
  }

  async update(trainer: Trainer): Promise<Run> {
    const { batch } = this;
    const counts = this.counters.of(this.name);
    const { launches, submits } = counts;
    const start = performance.now();
    return this.counters.during(this.name, async () => {
      await trainer.update([batch], ++this.step, LEARNING_RATE);
      const returnedMs = performance.now() - start;
      if (this.name === 'stock') this.device.sendStock();
      await this.device.finish();
      this.perStep = { launches: counts.launches - launches, submits: counts.submits - submits };
      return { returnedMs, elapsedMs: performance.now() - start };
    });
  }

  /** Runs updates that launch nothing: the first compiles, the others show the cost of the script alone. */
  async suppress(trainer: Trainer, runs: number): Promise<void> {
    this.counters.suppressed = true;
    await this.update(trainer);
    const timed: Run[] = [];
    while (timed.length < runs) timed.push(await this.update(trainer));
    this.counters.suppressed = false;
    this.suppressed = timed;
    this.step = 0;
  }

  async warmUp(trainer: Trainer, runs: number): Promise<void> {
    while (this.step < runs) await this.update(trainer);
    this.step = 0;
  }

  async costs(trainer: Trainer): Promise<StepCosts> {
    const [loss] = await trainer.readPending();
    return {
      ...this.perStep,
      peakBytes: this.counters.of(this.name).peakBytes,
      scriptMs: spreadOf(this.runs.map(({ returnedMs }) => returnedMs)),
      scriptSuppressedMs: spreadOf(this.suppressed.map(({ returnedMs }) => returnedMs)),
      elapsedMs: spreadOf(this.runs.map(({ elapsedMs }) => elapsedMs)),
      loss,
    };
  }
}

export async function benchStep({ shape, rounds }: BenchRequest, home: BenchHome): Promise<BenchReport> {
  const device = await openBenchDevice(home);
  const counters = new GpuCounters();
  try {
    const measured = await measureSteps(device, counters, shape, rounds, home);
    return { adapter: device.adapter, software: device.gpu.software, tables: tablesOf(measured, device.gpu.software), measured }; // prettier-ignore
  } finally {
    counters.release();
  }
}

async function measureSteps(
  device: BenchDevice,
  counters: GpuCounters,
  shape: BenchShape,
  rounds: number,
  { say }: BenchHome,
): Promise<StepMeasured> {
  const { encoder, head } = taggerOf(shape);
  const batch = drawnBatch({ encoder, head }, shape.batch, shape.length);
  const host = new Map([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
  const settings = { shape: { encoder, head }, config: configOf(shape), factors: new Map(), seed: 1 };
  const ours = new Contender('ours', device, counters, batch);
  const stock = new Contender('stock', device, counters, batch);
  const openStock = (): Promise<Trainer> => counters.during('stock', () => plainTrainer(freshState(host), settings));

  const gpu = await gpuFor(device, shape, say);
  const openOurs = () => counters.during('ours', () => engineTrainer(gpu, host, settings, () => true));

  say('ours: recording, compiling, and steps without launches');
  // Separate trainers, since both adapt to what they run: the engine its submit size, tfjs its set of tensors.
  const unsent = await openOurs();
  await ours.suppress(unsent, SUPPRESSED_RUNS.ours);
  unsent.dispose();
  const engine = await openOurs();
  await ours.warmUp(engine, WARM_UPS);
  restart(engine, host);
  let plain: Trainer | null = null;
  if (shape.stock) {
    say('stock: compiling, and steps without launches');
    const empty = await openStock();
    await stock.suppress(empty, SUPPRESSED_RUNS.stock);
    if (!gpu.software) await stock.warmUp(empty, WARM_UPS);
    empty.dispose();
    plain = await openStock();
  }
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}: a step of ours`);
    ours.runs.push(await ours.update(engine));
    if (plain === null) continue;
    say(`round ${round} of ${rounds}: a step of stock tfjs${gpu.software ? ', which can take minutes here' : ''}`);
    stock.runs.push(await stock.update(plain));
  }
  const ourCosts = await ours.costs(engine);
  const stockCosts = plain === null ? null : await stock.costs(plain);
  plain?.dispose();
  const kernels = device.timestamps ? await profileOf(device, engine, batch, say) : null;
  engine.dispose();
  const reference = kernels === null ? null : await bestMatmulSpeed(gpu, say);
  return {
    ours: ourCosts,
    stock: stockCosts,
    ratio:
      stockCosts === null
        ? null
        : spreadOf(stock.runs.map(({ elapsedMs }, round) => elapsedMs / (ours.runs[round]?.elapsedMs ?? NaN))),
    piecesPerSecond: (1000 * shape.batch * shape.length) / ourCosts.elapsedMs.median,
    kernels,
    bestMatmulGflops: reference === null ? null : Math.max(reference, ...matmulSpeeds(kernels ?? [])),
  };
}

/** Restores the initial weights; keeps what was compiled and measured. */
function restart({ engine, setPending }: EngineTrainer, host: HostParameters): void {
  const zeros = new Map([...host].map(([name, { shape, values }]) => [name, { shape, values: new Float32Array(values.length) }])); // prettier-ignore
  engine.upload(host);
  engine.upload(zeros, 'first');
  engine.upload(zeros, 'second');
  setPending(0, 0);
}

const matmulSpeeds = (kernels: readonly KernelTime[]): readonly number[] =>
  kernels.filter(({ name }) => name.startsWith('matmul ')).map(({ gflops }) => gflops);

async function profileOf(
  device: BenchDevice,
  { engine }: EngineTrainer,
  batch: Batch,
  say: (line: string) => void,
): Promise<readonly KernelTime[]> {
  const profiles: (readonly LaunchTime[])[] = [];
  while (profiles.length < PROFILES) {
    say(`ours: every launch of a step timed, ${profiles.length + 1} of ${PROFILES}`);
    profiles.push(await engine.profile(batch, { seed: 1, step: 1, learningRate: LEARNING_RATE }));
    await device.finish();
  }
  return kernelTimes(medianTimes(profiles));
}

function tablesOf(measured: StepMeasured, software: boolean): readonly BenchTable[] {
  const { ours, stock, ratio, kernels, bestMatmulGflops, piecesPerSecond } = measured;
  const column = (text: (costs: StepCosts) => string): readonly string[] =>
    [ours, stock].map((costs) => (costs === null ? '–' : text(costs)));
  const over = (of: (costs: StepCosts) => number): string => (stock === null ? '–' : shortNumber(of(stock) / of(ours)));
  const steps: BenchTable = {
    title: 'One training step',
    columns: ['', 'ours', 'stock tfjs', 'stock / ours'],
    rows: [
      ['milliseconds', ...column(({ elapsedMs }) => spreadText(elapsedMs)), ratio === null ? '–' : spreadText(ratio)],
      ['launches', ...column(({ launches }) => `${launches}`), over(({ launches }) => launches)],
      ['submits', ...column(({ submits }) => `${submits}`), over(({ submits }) => submits)],
      ['bytes at peak, MB', ...column(({ peakBytes }) => megabytes(peakBytes)), over(({ peakBytes }) => peakBytes)],
      ['script, ms', ...column(({ scriptMs }) => spreadText(scriptMs)), over(({ scriptMs }) => scriptMs.median)],
      [
        'script, launches suppressed, ms',
        ...column(({ scriptSuppressedMs }) => spreadText(scriptSuppressedMs)),
        over(({ scriptSuppressedMs }) => scriptSuppressedMs.median),
      ],
      ['loss, all rounds', ...column(({ loss }) => loss.toFixed(4)), over(({ loss }) => loss)],
    ],
    notes: [
      'Median (least to most) of the rounds; a ratio is taken within each round.',
      ...(software ? ['The adapter is emulated on the processor: its times say nothing of a GPU, ratios within a run do.'] : [`${shortNumber(piecesPerSecond)} pieces a second.`]), // prettier-ignore
    ],
  };
  return kernels === null ? [steps] : [steps, kernelTable(kernels, bestMatmulGflops ?? NaN)];
}
