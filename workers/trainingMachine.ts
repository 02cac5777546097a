// The machine that a backend is under a person's settings, tuned before a run, the part of it that fits a run, and the time that runs take on it.
import { LENGTH_BUCKETS, lengthBucket } from '../src/data/pieces/sequences.ts';
import type { MatmulShape } from '../src/engine/kernels/matmul/matmulTuning.ts';
import {
  computeOptionsFor,
  engineMisfit,
  processorCompute,
  type EngineGpu,
  type EngineHome,
  type EngineProcessor,
} from '../src/engine/network/computeOptions.ts';
import type { Platform, StartedBackend } from '../src/engine/start/startBackend.ts';
import { recordedProducts, tuneMatmul } from '../src/engine/tuning/autotune.ts';
import type { TrainingConfig } from '../src/schema/config.ts';
import {
  defaultMachineSettings,
  type MachineSettings,
  type MatmulTable,
  type MultiplyAdds,
  type Precision,
} from '../src/schema/machineSettings.ts';
import { traitsOf } from '../src/schema/methods.ts';
import type { Environment, RunSpec } from '../src/schema/runRecord.ts';
import {
  readMachinePace,
  readMachineSettings,
  readMatmulTable,
  writeMachinePace,
  writeMatmulTable,
} from '../src/storage/machineRecords.ts';
import { readModelRecord } from '../src/storage/modelRecords.ts';
import { ifCorrupt } from '../src/storage/records.ts';
import { readRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import type { EncodedTasks } from '../src/training/batches.ts';
import type { TaskText } from '../src/training/encodeTasks.ts';
import { readModelConfig, readModelTokenizer } from '../src/training/loadTagger.ts';
import { measurePace } from '../src/training/measureStep.ts';
import { Pace, predictTime, runLengths, type RunLengths } from '../src/training/predictTime.ts';
import { mapEvents } from '../src/util/clock.ts';
import { fingerprint } from '../src/util/digest.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/wording.ts';
import type { PredictedTime, ThreadChoice, TrainingEvent } from '../src/wire/trainingProtocol.ts';

/** The device under a person's settings. */
export interface TrainingMachine {
  readonly settings: MachineSettings;
  readonly gpu: EngineGpu | null;
  readonly processor: EngineProcessor | null;
  readonly environment: Environment;
  /** Threads of tfjs' backend, for what the engine does not compute. */
  readonly plainThreads: number;
}

/** Where the engine runs; null where tfjs computes everything. */
export function homeOf({ gpu, processor }: Pick<TrainingMachine, 'gpu' | 'processor'>): EngineHome | null {
  return gpu ?? processor;
}

/** The threads that a person may choose; null where the engine does not train on the processor. */
export function threadChoice({ processor }: StartedBackend, platform: Platform): ThreadChoice | null {
  if (processor === null) return null;
  const { usual, most } = platform.engineThreads;
  const { pool } = processor;
  const why =
    most > 1
      ? 'This browser does not share the memory that threads need.'
      : platform.logicalProcessors < 2
        ? 'This machine has one logical processor.'
        : 'This page is not cross-origin isolated, so threads cannot share memory: open it from npm start, or from a server that sends the headers COOP and COEP.';
  return { used: pool?.limit ?? 1, usual, most: pool === null ? 1 : most, onlyOne: pool === null ? why : null };
}

/** The backend as the person's settings for this machine configure it. */
export async function machineUnderSettings(
  backend: StartedBackend,
  store: Store,
  platform: Platform,
): Promise<TrainingMachine> {
  // The lab says that they cannot be read, and the record of a run says its precision.
  const wanted = await readMachineSettings(store).catch(ifCorrupt(defaultMachineSettings));
  const precision = precisionUnder(backend, wanted);
  const settings = { ...wanted, precision };
  const { name, device, threads } = backend;
  const processor = await processorUnder(backend, settings);
  return {
    settings,
    plainThreads: threads,
    processor,
    gpu: backend.gpu && (await gpuUnderSettings(backend.gpu, store, settings)),
    environment: {
      software: softwareVersion,
      backend: name,
      device,
      threads: processor === null ? threads : (processor.pool?.limit ?? 1),
      platform: platform.description,
      precision,
      ...(processor === null ? {} : { engine: 'processor', multiplyAdds: roundingOf(processor) }),
    },
  };
}

/** Mixed precision where the adapter passes its self-test in it, unless the person chose f32; on emulated adapters only by choice. */
function precisionUnder(
  { gpu, mixedPrecision }: Pick<StartedBackend, 'gpu' | 'mixedPrecision'>,
  { precision = gpu?.software === false ? 'mixed' : 'f32' }: Pick<MachineSettings, 'precision'>,
): Precision {
  return mixedPrecision.admitted ? precision : 'f32';
}

const roundingOf = ({ module }: EngineProcessor): MultiplyAdds => (module.relaxed ? 'fused' : 'twice');

/** The processor with the wanted rounding of multiply-adds; with the usual one where none is wanted or the wanted one is not there. */
async function processorUnder(
  { processor, otherRounding }: StartedBackend,
  { activations, multiplyAdds }: Pick<MachineSettings, 'activations' | 'multiplyAdds'>,
): Promise<EngineProcessor | null> {
  if (processor === null) return null;
  const isUsual = multiplyAdds === undefined || multiplyAdds === roundingOf(processor);
  const found = isUsual ? processor : ((await otherRounding()) ?? processor);
  return { ...found, compute: processorCompute({ activations }) };
}

/**
 * The machine without its engine for an encoder that the engine cannot compute, with the reason on a GPU, and for a run that the
 * plain network began on wasm: it alone continues to the same bits. A run that the engine began continues with the rounding of
 * multiply-adds, or in the precision, that it began with.
 */
export async function fittingMachine(
  backend: StartedBackend,
  machine: TrainingMachine,
  store: Store,
  { id, model }: RunSpec,
): Promise<TrainingMachine> {
  if (homeOf(machine) === null) return machine;
  // A model that is gone fails the run when its inputs are read.
  const encoder = await readModelConfig(store, { id: model.id }).catch(() => null);
  const plainNetwork = encoder && engineMisfit(encoder);
  const { engine, multiplyAdds, ...environment } = machine.environment;
  const record = await readRunRecord(store, id);
  const begun = record !== undefined && record.step > 0 ? record.environments.at(-1) : undefined;
  if (engine !== undefined) {
    const isBegunOnWasm = begun?.backend === 'wasm';
    if (plainNetwork !== null || (isBegunOnWasm && begun.engine === undefined)) {
      return { ...machine, processor: null, environment: { ...environment, threads: machine.plainThreads } };
    }
    if (!isBegunOnWasm || begun.multiplyAdds === undefined || begun.multiplyAdds === multiplyAdds) return machine;
    const { activations } = machine.settings;
    const processor = await processorUnder(backend, { activations, multiplyAdds: begun.multiplyAdds });
    return { ...machine, processor, environment: { ...environment, engine, ...(processor && { multiplyAdds: roundingOf(processor) }) } }; // prettier-ignore
  }
  if (plainNetwork !== null) {
    return { ...machine, gpu: null, environment: { ...environment, precision: 'f32', plainNetwork } };
  }
  if (machine.gpu === null || begun?.backend !== 'webgpu' || begun.plainNetwork !== undefined) return machine;
  const precision = precisionUnder(backend, { precision: begun.precision ?? 'f32' });
  if (precision === environment.precision) return machine;
  const settings = { ...machine.settings, precision };
  const gpu = await gpuUnderSettings(machine.gpu, store, settings);
  return { ...machine, settings, gpu, environment: { ...environment, precision } };
}

// Configures the GPU with this machine's settings and the fastest matrix products, tuning them before a run.

/** Tuning time before a run, in milliseconds: small for a run of hours, and later runs reuse the result. */
const TUNING_BUDGET_MS = 30_000;

const tableOf = (
  gpu: EngineGpu,
  store: Store,
  { precision = 'f32' }: MachineSettings,
): Promise<MatmulTable | undefined> =>
  // Tunes again where the table is damaged.
  readMatmulTable(store, { adapter: gpu.adapter, browser: gpu.browser, precision }).catch(ifCorrupt(undefined));

/** Configures the GPU with the settings and the results of earlier tuning. */
export async function gpuUnderSettings(gpu: EngineGpu, store: Store, settings: MachineSettings): Promise<EngineGpu> {
  const table = gpu.software ? undefined : await tableOf(gpu, store, settings);
  return { ...gpu, compute: computeOptionsFor(gpu, settings, table) };
}

/**
 * Tunes the products of a run's steps that were not tuned before on this adapter, and stores the result before it is used. Skips
 * software adapters, where timing is slow and says little, and encoders that the engine does not compute. Throws the reason of `signal`.
 */
export async function* tuneForRun(
  gpu: EngineGpu,
  store: Store,
  settings: MachineSettings,
  tasks: EncodedTasks,
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EngineGpu> {
  if (gpu.software || engineMisfit(tasks.shape.encoder) !== null) return gpu;
  const known = await tableOf(gpu, store, settings);
  const { precision = 'f32' } = settings;
  const tuning = tuneMatmul(gpu.device, productsOf(tasks, config), {
    adapter: gpu.adapter,
    precision,
    untuned: computeOptionsFor(gpu, settings).tuning,
    budgetMs: TUNING_BUDGET_MS,
    pipelines: gpu.pipelines,
    signal,
    ...(known === undefined ? {} : { known }),
  });
  const table = yield* mapEvents(tuning, (progress): TrainingEvent => ({
    kind: 'phase',
    ...progress,
    phase: 'tuning',
  }));
  await writeMatmulTable(store, { adapter: gpu.adapter, browser: gpu.browser, precision }, table);
  return { ...gpu, compute: computeOptionsFor(gpu, settings, table) };
}

/** Matrix products for micro-batches of every length bucket in the run. */
function productsOf({ shape, train }: EncodedTasks, config: TrainingConfig): readonly MatmulShape[] {
  const present = new Set(train.sequences.map(({ pieceIds }) => lengthBucket(pieceIds.length)));
  const buckets = LENGTH_BUCKETS.filter((bucket) => present.has(bucket));
  return buckets.flatMap((pieces) => recordedProducts(shape, config.dropout, { size: config.microBatchSize, pieces }));
}

// Predicts the time of runs for the training server: measures the machine's pace once, keeps it, and samples the text of runs.

interface Surroundings {
  /** Null before the backend was started. */
  machine(): Promise<TrainingMachine | null>;
  isTraining(): boolean;
  /** Does work when the device is free. */
  turn(work: () => Promise<void>): Promise<void>;
  readInputs(spec: RunSpec): Promise<readonly TaskText[]>;
}

/** Samples of text that are kept. */
const MOST_KEPT = 64;

export class TimePredictions {
  private readonly store: Store;
  private readonly surroundings: Surroundings;
  private readonly paces = new Map<string, Promise<Pace | null>>();
  /** Keys of machines that were tried and cannot be measured, so that they are not tried again. */
  private readonly unmeasurable = new Set<string>();
  private readonly lengths = new Map<string, Promise<RunLengths | null>>();

  constructor(store: Store, surroundings: Surroundings) {
    this.store = store;
    this.surroundings = surroundings;
  }

  async predict(specs: readonly RunSpec[]): Promise<readonly (PredictedTime | null)[] | null> {
    const machine = await this.surroundings.machine();
    const home = machine && homeOf(machine);
    const [first] = specs;
    if (machine === null || home === null || first === undefined) return null;
    const pace = await this.paceOf(machine, first);
    if (pace === null) return null;
    const predicted: (PredictedTime | null)[] = [];
    for (const spec of specs) {
      const record = await readModelRecord(this.store, spec.model.id);
      const lengths = await this.lengthsOf(spec);
      const bytes = record?.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
      predicted.push(lengths && predictTime(spec, lengths, bytes, home, pace));
    }
    return predicted;
  }

  /** Of this backend with these threads, measured where that was not done before. Null while a run trains. */
  private paceOf(machine: TrainingMachine, spec: RunSpec): Promise<Pace | null> {
    const { software, backend, device, threads, platform, precision } = machine.environment;
    const of = [software, backend, device, String(threads), platform, String(precision)];
    const key = of.join('\n');
    if (this.unmeasurable.has(key)) return Promise.resolve(null);
    const known = this.paces.get(key) ?? this.findPace(machine, spec, of);
    this.paces.set(key, known);
    const forget = (): void => void this.paces.delete(key);
    void known.then((pace) => pace === null && forget(), forget);
    return known;
  }

  private async findPace(machine: TrainingMachine, spec: RunSpec, of: readonly string[]): Promise<Pace | null> {
    const stored = await readMachinePace(this.store, of);
    if (stored !== undefined) return new Pace(stored);
    const home = homeOf(machine);
    const { isTraining, turn } = this.surroundings;
    if (home === null) return null;
    let isInterrupted = false;
    const measured = await measurePace(home, this.store, spec.config, async (work) => {
      // A run that waits for the device comes first.
      isInterrupted ||= isTraining();
      if (!isInterrupted) await turn(work);
    });
    if (measured === null && !isInterrupted) this.unmeasurable.add(of.join('\n'));
    if (measured === null || isInterrupted) return null;
    // Without room for it, it is measured again the next time.
    await writeMachinePace(this.store, of, measured).catch(() => undefined);
    return new Pace(measured);
  }

  /** Null where the inputs of a run are gone or cannot be encoded, which starting it reports. */
  private lengthsOf(spec: RunSpec): Promise<RunLengths | null> {
    const { model, tasks, method, category, config } = spec;
    const { labelMode, tagScheme, encoding, lowerCase, layout, maxPieces, specials, specialsInLoss, trainOn } = config;
    const { trainShare, leaveOut, head, crfStartEnd, adapters } = config;
    const looks = [labelMode, tagScheme, encoding, lowerCase, layout, maxPieces, specials, specialsInLoss, trainOn];
    const { labels, asks } = traitsOf(method);
    const type = labels === 'merged' ? category : labels;
    const key = fingerprint([model.id, tasks, type, asks, ...looks, trainShare, leaveOut, head, crfStartEnd, adapters]);
    const known = this.lengths.get(key) ?? this.sample(spec);
    this.lengths.delete(key);
    this.lengths.set(key, known);
    for (const old of [...this.lengths.keys()].slice(0, -MOST_KEPT)) this.lengths.delete(old);
    known.then(
      (lengths) => lengths === null && this.lengths.delete(key),
      () => this.lengths.delete(key),
    );
    return known;
  }

  private async sample(spec: RunSpec): Promise<RunLengths | null> {
    const record = await readModelRecord(this.store, spec.model.id);
    if (record === undefined) return null;
    try {
      const config = await readModelConfig(this.store, record);
      const tokenizer = await readModelTokenizer(this.store, record, spec.config.lowerCase);
      return await runLengths(await this.surroundings.readInputs(spec), { config, tokenizer }, spec);
    } catch (error) {
      if (error instanceof LabError) return null;
      throw error;
    }
  }
}
