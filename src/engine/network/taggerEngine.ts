// A tagger on the GPU: its weights and moments; trains and predicts through recorded plans.
import type { Batch, BatchSize } from '../../model/batch.ts';
import { EMBEDDING, locationOf } from '../../model/parameterLocation.ts';
import type { HostParameters, HostTensor } from '../../model/parameters.ts';
import type { TaggerShape } from '../../model/tagger.ts';
import { relativePositions } from '../../model/xlnet.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import { LabError } from '../../util/labError.ts';
import { Arena } from '../gpu/arena.ts';
import { GpuMemory } from '../gpu/gpuMemory.ts';
import { LaunchPlan, type LaunchPlanParts, type LaunchTime } from '../gpu/launchPlan.ts';
import type { Resident } from '../gpu/recorder.ts';
import { stateLength, stateWords } from '../gpu/stepState.ts';
import { batchInputs, batchWords, type BatchInputs } from './batchInputs.ts';
import { engineMisfit, type ComputeOptions, type EngineGpu } from './computeOptions.ts';
import { recordFittingGradients } from './estimateMemory.ts';
import { ParameterBanks, type Bank } from './parameterBanks.ts';
import { recordPrediction, recordUpdate } from './taggerPass.ts';

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

/** Target time per submit: far from the two seconds after which operating systems reset a GPU, and short enough to keep the screen smooth. */
const SUBMIT_MS = 50;
/** Operations that are worth a separate submit on any device. */
const LEAST_SUBMIT = 1e7;

interface Passes {
  readonly inputs: BatchInputs;
  readonly gradients: LaunchPlan | null;
  readonly prediction: { readonly plan: LaunchPlan; readonly emissions: Resident; readonly tags: Resident } | null;
}

/** The sets of tensors in a checkpoint: weights, gradients, or first or second moments. */
export type TensorSet = 'parameter' | 'gradient' | 'first' | 'second';

export class TaggerEngine {
  readonly memory: GpuMemory;
  readonly banks: ParameterBanks;
  private readonly options: EngineOptions;
  private readonly home: LaunchPlanParts;
  private readonly buffers = new Map<Resident, GPUBuffer>();
  private readonly passes = new Map<string, Passes>();
  private readonly sinusoids = new Map<number, Resident>();
  private readonly state: Resident;
  private readonly stepLoss = resident('loss of the step', 1);
  private readonly clip = resident('clipping', 2);
  private readonly pending = resident('pending', 2);
  private update: LaunchPlan | null = null;
  /** Operations of the largest plan measured so far. */
  private measuredWork = 0;

  constructor({ device, pipelines }: Pick<EngineGpu, 'device' | 'pipelines'>, options: EngineOptions) {
    // The kernels of such sizes would not compile.
    const misfit = engineMisfit(options.shape.encoder);
    if (misfit !== null) throw new LabError('engine/sizes', `This encoder cannot run on the engine: ${misfit}.`);
    this.options = options;
    this.memory = new GpuMemory(device);
    this.banks = new ParameterBanks(options.shape, options.trained);
    this.state = resident('state', stateLength(options.shape.encoder.layers));
    this.home = {
      memory: this.memory,
      arena: new Arena(this.memory),
      pipelines,
      bufferOf: (buffer) => this.bufferOf(buffer),
      workPerSubmit: options.workPerSubmit,
    };
  }

  /** Writes host tensors into the banks; a name the tagger does not have is an error. */
  upload(tensors: HostParameters, set: TensorSet = 'parameter'): void {
    for (const [name, { values }] of tensors) {
      const { bank, offset } = this.find(name);
      this.memory.device.queue.writeBuffer(this.bufferOf(residentOf(bank, set)), offset * 4, values);
    }
  }

  /** Reads a set of tensors back; moments and gradients exist only for trained parameters. */
  async download(set: TensorSet = 'parameter'): Promise<HostParameters> {
    const host = new Map<string, HostTensor>();
    for (const bank of this.banks.banks) {
      if (set !== 'parameter' && bank.trained === null) continue;
      const words = await this.read(residentOf(bank, set));
      for (const { name, shape, offset, length } of bank.tensors) {
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
    this.clearEmbeddingGradient();
    for (const [microBatch, batch] of microBatches.entries()) {
      await this.runMeasured(await this.gradientsOf(batch, settings, microBatch, sequences));
    }
    await (await this.updatePlan()).run();
  }

  /**
   * Performs one update from one micro-batch, like `step`, and measures every launch; run a step of that shape first. The device
   * must have been opened with `timestamp-query`.
   */
  async profile(batch: Batch, settings: EngineStep): Promise<readonly LaunchTime[]> {
    this.clearEmbeddingGradient();
    const gradients = await (await this.gradientsOf(batch, settings, 0, batch.size)).profile();
    return [...gradients, ...(await (await this.updatePlan()).profile())];
  }

  /**
   * Returns tags [B, T] of a batch, CRF positions first in each row; `emissions` reads the [B, T, K] they come from; call it before
   * the next batch.
   */
  async predict(batch: Batch): Promise<{ readonly tags: Int32Array; readonly emissions: () => Promise<Float32Array> }> {
    const { inputs, prediction } = await this.passesOf(batch, 'prediction');
    if (prediction === null) throw new Error('a prediction pass was requested but not recorded');
    this.write(inputs.buffer, batchWords(inputs, batch));
    await prediction.plan.run();
    const tags = await this.read(prediction.tags);
    return { tags: new Int32Array(tags.buffer), emissions: () => this.read(prediction.emissions) };
  }

  /** Returns loss and gradient norm, summed over the steps since `setPending`. */
  async readPending(): Promise<readonly [loss: number, norm: number]> {
    const [loss = NaN, norm = NaN] = await this.read(this.pending);
    return [loss, norm];
  }

  setPending(loss: number, norm: number): void {
    this.write(this.pending, Float32Array.of(loss, norm));
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
    for (const buffer of this.buffers.values()) this.memory.release(buffer);
    this.buffers.clear();
    this.home.arena.release();
    for (const { gradients, prediction } of this.passes.values()) {
      gradients?.release();
      prediction?.plan.release();
    }
    this.update?.release();
    this.passes.clear();
    this.update = null;
  }

  /** Runs a plan; the first time it also measures the device and sizes submits accordingly. */
  private async runMeasured(plan: LaunchPlan): Promise<void> {
    const startedAtMs = performance.now();
    const first = plan.run();
    if (first === undefined) return;
    await first;
    await this.memory.device.queue.onSubmittedWorkDone();
    const work = plan.launches.reduce((sum, launch) => sum + launch.work, 0);
    if (work <= this.measuredWork) return;
    this.measuredWork = work;
    const perMs = work / (performance.now() - startedAtMs);
    this.home.workPerSubmit = Math.max(LEAST_SUBMIT, perMs * SUBMIT_MS);
  }

  /** Returns the plan of a micro-batch's gradients, with its inputs written. */
  private async gradientsOf(
    batch: Batch,
    settings: EngineStep,
    microBatch: number,
    sequences: number,
  ): Promise<LaunchPlan> {
    const { inputs, gradients } = await this.passesOf(batch, 'gradients');
    if (gradients === null) throw new Error('a gradient pass was requested but not recorded');
    this.write(inputs.buffer, batchWords(inputs, batch));
    this.write(this.state, this.stateOf(settings, microBatch, sequences));
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

  private async updatePlan(): Promise<LaunchPlan> {
    const { config, factorsOf } = this.options;
    const { state, stepLoss, clip, pending } = this;
    const bankFactors = ({ tensors }: Bank) => factorsOf(tensors[0]?.name ?? '');
    this.update ??= await LaunchPlan.compile(
      recordUpdate(this.banks, config, bankFactors, { state, stepLoss, clip, pending }),
      this.home,
    );
    return this.update;
  }

  private async passesOf(batch: BatchSize, wanted: 'gradients' | 'prediction'): Promise<Passes> {
    const key = keyOf(batch);
    const known = this.passes.get(key) ?? {
      inputs: batchInputs(batch.size, batch.pieces),
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
    const { shape, tuning, attention, config } = this.options;
    const { size: sequences, pieces } = batch;
    const { banks, state } = this;
    const sinusoids = this.sinusoidsFor(pieces);
    const given = { shape, tuning, attention, banks, sequences, pieces, inputs, sinusoids, state };
    if (wanted === 'gradients') {
      const { launches } = recordFittingGradients(given, config.dropout, this.stepLoss, this.options);
      return { gradients: await LaunchPlan.compile(launches, this.home) };
    }
    const emissions = resident('emissions', sequences * pieces * shape.head.tagCount);
    const tags = resident('tags', sequences * pieces);
    return {
      prediction: {
        plan: await LaunchPlan.compile(recordPrediction(given, emissions, tags), this.home),
        emissions,
        tags,
      },
    };
  }

  private sinusoidsFor(pieces: number): Resident | null {
    const { encoder } = this.options.shape;
    if (encoder.family !== 'xlnet') return null;
    const known = this.sinusoids.get(pieces);
    if (known !== undefined) return known;
    const { hiddenSize, clampLength } = encoder;
    const made = resident(`sinusoids of ${pieces}`, 2 * pieces * hiddenSize);
    this.write(made, new Float32Array(relativePositions(pieces, hiddenSize, clampLength)));
    this.sinusoids.set(pieces, made);
    return made;
  }

  /** Clears the whole bank: every micro-batch adds to rows of the tables, depending on its pieces and positions. */
  private clearEmbeddingGradient(): void {
    const gradient = this.banks.gradient(EMBEDDING);
    if (gradient === null) return;
    const encoder = this.memory.device.createCommandEncoder();
    encoder.clearBuffer(this.bufferOf(gradient.buffer as Resident));
    this.memory.device.queue.submit([encoder.finish()]);
  }

  private find(name: string): { readonly bank: Bank; readonly offset: number } {
    const { buffer, offset } = this.banks.weight(name);
    const bank = this.banks.banks.find(({ parameter }) => parameter === buffer);
    if (bank === undefined) throw new Error(`no bank holds ${name} (${locationOf(name).part})`);
    return { bank, offset };
  }

  private bufferOf(buffer: Resident): GPUBuffer {
    const known = this.buffers.get(buffer);
    if (known !== undefined) return known;
    const made = this.memory.create(buffer.label, buffer.length);
    this.buffers.set(buffer, made);
    return made;
  }

  private write(
    buffer: Resident,
    words: Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
  ): void {
    this.memory.device.queue.writeBuffer(this.bufferOf(buffer), 0, words);
  }

  private async read(buffer: Resident): Promise<Float32Array<ArrayBuffer>> {
    const { device } = this.memory;
    const size = buffer.length * 4;
    const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.bufferOf(buffer), 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const words = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return words;
  }
}

function keyOf({ size, pieces }: BatchSize): string {
  return `${size} ${pieces}`;
}

function resident(label: string, length: number): Resident {
  return { kind: 'resident', label, length };
}

function residentOf(bank: Bank, set: TensorSet): Resident {
  if (set === 'parameter') return bank.parameter;
  if (bank.trained === null) throw new Error(`${bank.label} is frozen: it has no ${set}`);
  return bank.trained[set];
}
