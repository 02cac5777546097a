// A tagger on a machine, GPU or processor: its weights and moments; trains and predicts through recorded plans, whose memory it estimates.
import type { DropoutRates } from '../../model/blocks/dropout.ts';
import type { Batch, BatchSize } from '../../model/blocks/encoderFamily.ts';
import { EMBEDDING, type HostParameters, type HostTensor } from '../../model/blocks/parameterLocation.ts';
import { isSaved, openTagCount, type TaggerShape } from '../../model/parameters.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import { LabError } from '../../util/labError.ts';
import type { MemoryEstimate } from '../../wire/trainingProtocol.ts';
import { stateLength, stateWords } from '../gpu/kernel.ts';
import { planSlots, type Launch, type LaunchTime, type Machine, type Plan, type Resident } from '../gpu/recorder.ts';
import { engineMisfit, type ComputeOptions } from './computeOptions.ts';
import { designOf, positionTable, type Keeping } from './encoderPass.ts';
import {
  batchInputs,
  batchWords,
  ParameterBanks,
  type Bank,
  type BatchInputs,
  type TensorSet,
} from './parameterBanks.ts';
import { recordGradients, recordPrediction, recordUpdate, type TaggerPass } from './taggerPass.ts';

export interface EngineOptions extends ComputeOptions {
  readonly shape: TaggerShape;
  readonly config: Pick<TrainingConfig, 'adam' | 'clipNorm' | 'dropout'>;
  /** Whether a parameter is trained; the same for all parameters of a layer. */
  readonly trained: (name: string) => boolean;
  /** Factors on the rate and on the clipped gradient of a parameter, the same for a whole layer. */
  readonly factorsOf: (name: string) => { readonly rate: number; readonly gradient: number };
}

export interface EngineStep {
  readonly seed: number;
  /** Update number, from 1. */
  readonly step: number;
  readonly learningRate: number;
}

/** Keeps gradients of the loss well above the smallest f16; undone before clipping. */
const MIXED_LOSS_SCALE = 4096;

interface Passes {
  readonly inputs: BatchInputs;
  readonly gradients: Plan | null;
  readonly prediction: { readonly plan: Plan; readonly emissions: Resident; readonly tags: Resident } | null;
}

export class TaggerEngine {
  readonly machine: Machine;
  readonly banks: ParameterBanks;
  private readonly options: EngineOptions;
  private readonly passes = new Map<string, Passes>();
  /** Tables of positions by the number of pieces. */
  private readonly tables = new Map<number, Resident>();
  private readonly state: Resident;
  private readonly stepLoss = resident('loss of the step', 1);
  private readonly clip = resident('clipping', 2);
  private readonly pending = resident('pending', 2);
  private update: Plan | null = null;

  /** `machine` is the engine's own: nothing else allocates on it. */
  constructor(machine: Machine, options: EngineOptions) {
    // The kernels of such sizes would not compile.
    const misfit = engineMisfit(options.shape.encoder);
    if (misfit !== null) throw new LabError('engine/sizes', `This encoder cannot run on the engine: ${misfit}.`);
    this.options = options;
    this.machine = machine;
    this.banks = new ParameterBanks(options.shape, options.trained);
    this.state = resident('state', stateLength(options.shape.encoder.layers));
  }

  /** Writes host tensors into the banks; a name the tagger does not have is an error. */
  upload(tensors: HostParameters, set: TensorSet = 'parameter'): void {
    for (const [name, { values }] of tensors) {
      const { buffer, offset } = this.banks.placeOf(name, set);
      this.machine.write(buffer as Resident, values, offset);
    }
  }

  /** Reads the wanted tensors of a set back; moments and gradients exist only for trained parameters. */
  async download(
    set: TensorSet = 'parameter',
    isWanted: (name: string) => boolean = () => true,
  ): Promise<HostParameters> {
    const host = new Map<string, HostTensor>();
    for (const arena of this.banks.arenas) {
      const buffer = set === 'parameter' ? arena.parameter : arena.trained?.[set];
      const tensors = arena.banks.flatMap((bank) => bank.tensors).filter(({ name }) => isWanted(name));
      if (buffer === undefined || tensors.length === 0) continue;
      const words = await this.machine.read(buffer);
      for (const { name, shape } of tensors) {
        const { offset, length } = this.banks.placeOf(name, set);
        host.set(name, { shape, values: words.slice(offset, offset + length) });
      }
    }
    return host;
  }

  /** Whether everything for a step with such a batch is recorded and compiled. */
  isPrepared(batch: BatchSize): boolean {
    return this.passes.get(keyOf(batch))?.gradients != null;
  }

  /** Records and compiles the passes of a batch, to avoid a delay in the first step with one. */
  async prepare(batch: BatchSize): Promise<void> {
    await this.passesOf(batch, 'gradients');
    await this.updatePlan();
  }

  /** Performs one update from the micro-batches of a step. Reads nothing back; waits only when a shape occurs for the first time. */
  async step(microBatches: readonly Batch[], settings: EngineStep): Promise<void> {
    const sequences = microBatches.reduce((sum, { size }) => sum + size, 0);
    for (const [microBatch, batch] of microBatches.entries()) {
      const plan = await this.gradientsOf(batch, settings, microBatch, sequences);
      // After the inputs are written, so that all the rest is one submit.
      if (microBatch === 0) this.clearEmbeddingGradient();
      await this.machine.runMeasured(plan);
    }
    await (await this.updatePlan()).run();
    this.machine.submit();
  }

  /**
   * Performs one update from one micro-batch, like `step`, and measures every launch; run a step of that shape first. The device
   * must have been opened with `timestamp-query`.
   */
  async profile(batch: Batch, settings: EngineStep): Promise<readonly LaunchTime[]> {
    const plan = await this.gradientsOf(batch, settings, 0, batch.size);
    this.clearEmbeddingGradient();
    const gradients = await plan.profile();
    return [...gradients, ...(await (await this.updatePlan()).profile())];
  }

  /**
   * Returns tags [B, T] of a batch, CRF positions first in each row; `emissions` reads the [B, T, K] they come from; call it before
   * the next batch.
   */
  async predict(batch: Batch): Promise<{ readonly tags: Int32Array; readonly emissions: () => Promise<Float32Array> }> {
    const { inputs, prediction } = await this.passesOf(batch, 'prediction');
    if (prediction === null) throw new Error('a prediction pass was requested but not recorded');
    this.machine.write(inputs.buffer, batchWords(inputs, batch, 'prediction'));
    await prediction.plan.run();
    const tags = await this.machine.read(prediction.tags);
    return { tags: new Int32Array(tags.buffer), emissions: () => this.machine.read(prediction.emissions) };
  }

  /** Returns loss and gradient norm, summed over the steps since `setPending`. */
  async readPending(): Promise<readonly [loss: number, norm: number]> {
    const [loss = NaN, norm = NaN] = await this.machine.read(this.pending);
    return [loss, norm];
  }

  setPending(loss: number, norm: number): void {
    this.machine.write(this.pending, Float32Array.of(loss, norm));
  }

  /** Factor on the downloaded gradients. */
  get lossScale(): number {
    return this.options.precision === 'mixed' ? MIXED_LOSS_SCALE : 1;
  }

  /** Number of launches of one micro-batch and of the update, as recorded so far. */
  get launches(): { readonly gradients: number; readonly update: number } {
    const last = [...this.passes.values()].at(-1)?.gradients ?? null;
    return { gradients: last?.launches.length ?? 0, update: this.update?.launches.length ?? 0 };
  }

  release(): void {
    for (const { gradients, prediction } of this.passes.values()) {
      gradients?.release();
      prediction?.plan.release();
    }
    this.update?.release();
    this.passes.clear();
    this.update = null;
    this.machine.release();
  }

  /** Returns the plan of a micro-batch's gradients, with its inputs written. */
  private async gradientsOf(batch: Batch, settings: EngineStep, microBatch: number, sequences: number): Promise<Plan> {
    const { inputs, gradients } = await this.passesOf(batch, 'gradients');
    if (gradients === null) throw new Error('a gradient pass was requested but not recorded');
    this.machine.write(inputs.buffer, batchWords(inputs, batch, 'gradients'));
    this.machine.write(this.state, this.stateOf(settings, microBatch, sequences));
    return gradients;
  }

  private stateOf(
    { seed, step, learningRate }: EngineStep,
    microBatch: number,
    sequences: number,
  ): Uint32Array<ArrayBuffer> {
    const { beta1, beta2, epsilonForm } = this.options.config.adam;
    const correction = Math.sqrt(1 - beta2 ** step);
    const hat = epsilonForm === 'hat';
    return stateWords(this.options.shape.encoder.layers, {
      accumulate: microBatch > 0,
      inverseSequences: 1 / sequences,
      stepSize: (learningRate * (hat ? correction : 1)) / (1 - beta1 ** step),
      rootCorrection: hat ? 1 : correction,
      lossScale: this.lossScale,
      stream: { seed, step, microBatch },
    });
  }

  private async updatePlan(): Promise<Plan> {
    const { config, factorsOf } = this.options;
    const { state, stepLoss, clip, pending } = this;
    const bankFactors = ({ tensors }: Bank) => factorsOf(tensors[0]?.name ?? '');
    this.update ??= await this.machine.compile(
      recordUpdate(this.banks, config, bankFactors, { state, stepLoss, clip, pending }),
    );
    return this.update;
  }

  private async passesOf(batch: BatchSize, wanted: 'gradients' | 'prediction'): Promise<Passes> {
    const key = keyOf(batch);
    const known = this.passes.get(key) ?? {
      inputs: batchInputs(batch.size, batch.pieces, openTagCount(this.options.shape.head)),
      gradients: null,
      prediction: null,
    };
    if (known[wanted] !== null) return known;
    const made = await this.record(known.inputs, batch, wanted);
    const passes = { ...known, ...made };
    this.passes.set(key, passes);
    return passes;
  }

  private async record(
    inputs: BatchInputs,
    batch: BatchSize,
    wanted: 'gradients' | 'prediction',
  ): Promise<Partial<Passes>> {
    const { shape, tuning, attention, blocks, config } = this.options;
    const { size: sequences, pieces } = batch;
    const { banks, state } = this;
    const positionTable = this.tableFor(pieces);
    const given = { shape, tuning, attention, blocks, banks, sequences, pieces, inputs, positionTable, state };
    if (wanted === 'gradients') {
      const { launches } = recordFittingGradients(given, config.dropout, this.stepLoss, this.options);
      return { gradients: await this.machine.compile(launches) };
    }
    const emissions = resident('emissions', sequences * pieces * shape.head.tagCount);
    const tags = resident('tags', sequences * pieces);
    return {
      prediction: {
        plan: await this.machine.compile(recordPrediction(given, emissions, tags)),
        emissions,
        tags,
      },
    };
  }

  private tableFor(pieces: number): Resident | null {
    const make = positionTable(designOf(this.options.shape.encoder));
    if (make === null) return null;
    const known = this.tables.get(pieces);
    if (known !== undefined) return known;
    const values = make(pieces);
    const made = resident(`positions of ${pieces}`, values.length);
    this.machine.write(made, values);
    this.tables.set(pieces, made);
    return made;
  }

  /** Clears the whole bank: every micro-batch adds to rows of the tables, depending on its pieces and positions. */
  private clearEmbeddingGradient(): void {
    const gradient = this.banks.bankOf(EMBEDDING).trained?.gradient;
    if (gradient !== undefined) this.machine.clear(gradient);
  }
}

function keyOf({ size, pieces }: BatchSize): string {
  return `${size} ${pieces}`;
}

function resident(label: string, length: number): Resident {
  return { kind: 'resident', label, length };
}

// Estimates the GPU memory of a step from its launches, without a device.

const BYTES_PER_WORD = 4;

/** Bytes of parameters, and of gradients and moments of those that are trained. */
export function bankBytes({ banks }: ParameterBanks): number {
  const words = banks.map(({ length, trained }) => length * (trained === null ? 1 : 4));
  return BYTES_PER_WORD * words.reduce((sum, length) => sum + length, 0);
}

/** Bytes of a plan's temporaries. */
export function temporaryBytes(launches: readonly Launch[]): number {
  return BYTES_PER_WORD * planSlots(launches).slots.reduce((sum, length) => sum + length, 0);
}

export interface RecordedGradients {
  readonly launches: readonly Launch[];
  readonly keeping: Keeping;
  readonly temporaryBytes: number;
}

/** Records the launches of a micro-batch with the configured activations; `auto` saves them if they fit into memory. */
export function recordFittingGradients(
  given: TaggerPass,
  rates: DropoutRates,
  stepLoss: Resident,
  { precision, activations, gpuBytes }: Pick<ComputeOptions, 'precision' | 'activations' | 'gpuBytes'>,
): RecordedGradients {
  const record = (keeping: Keeping): RecordedGradients => {
    const launches = recordGradients(given, rates, keeping, stepLoss);
    return { launches, keeping, temporaryBytes: temporaryBytes(launches) };
  };
  if (activations === 'recomputed') return record('input');
  const compact = record(precision === 'mixed' ? 'halves' : 'whole');
  const fits = bankBytes(given.banks) + compact.temporaryBytes <= gpuBytes;
  if (activations === 'kept' || fits) return compact;
  const recomputed = record('input');
  return recomputed.temporaryBytes < compact.temporaryBytes ? recomputed : compact;
}

/** Inputs for recording a pass without a device; trains what no slicing has frozen unless `trained` says otherwise. */
export function passWithoutDevice(
  shape: TaggerShape,
  { tuning, attention, blocks }: Pick<ComputeOptions, 'tuning' | 'attention' | 'blocks'>,
  { size: sequences, pieces }: BatchSize,
  trained: (name: string) => boolean = (name) => isSaved(name, shape.encoder),
): { readonly given: TaggerPass; readonly stepLoss: Resident } {
  const resident = (label: string, length: number): Resident => ({ kind: 'resident', label, length });
  const table = positionTable(designOf(shape.encoder));
  const given: TaggerPass = {
    shape,
    tuning,
    attention,
    blocks,
    banks: new ParameterBanks(shape, trained),
    sequences,
    pieces,
    inputs: batchInputs(sequences, pieces, openTagCount(shape.head)),
    positionTable: table && resident('table of positions', table(pieces).length),
    state: resident('state', stateLength(shape.encoder.layers)),
  };
  return { given, stepLoss: resident('loss of the step', 1) };
}

/** Estimates the memory of an update with micro-batches of a size, with all parameters trained, or all but those beside adapters, unless `trained` says otherwise. */
export function estimateMemory(
  shape: TaggerShape,
  rates: DropoutRates,
  compute: ComputeOptions,
  size: BatchSize,
  trained?: (name: string) => boolean,
): MemoryEstimate {
  const { given, stepLoss } = passWithoutDevice(shape, compute, size, trained);
  const { keeping, temporaryBytes: temporaries } = recordFittingGradients(given, rates, stepLoss, compute);
  const inUse = bankBytes(given.banks);
  const own = BYTES_PER_WORD * (given.inputs.buffer.length + (given.positionTable?.length ?? 0) + given.state.length);
  const bytes = inUse + temporaries + own;
  return { bytes, bankBytes: inUse, recomputed: keeping === 'input', fits: bytes <= compute.gpuBytes };
}
