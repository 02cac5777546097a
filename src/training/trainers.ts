// Trainers and predictors: the engine's recorded plans if there is a machine for it and the tagger fits it, else plain tfjs.
import * as tf from '@tensorflow/tfjs';
import { engineMisfit, openMachine, type EngineHome } from '../engine/network/computeOptions.ts';
import { TaggerEngine } from '../engine/network/taggerEngine.ts';
import { memoryReport } from '../engine/start/startBackend.ts';
import type { Batch, BatchSize } from '../model/blocks/encoderFamily.ts';
import {
  disposeParameters,
  downloadParameters,
  uploadParameters,
  type DeviceParameters,
} from '../model/blocks/layerBlocks.ts';
import {
  FIRST,
  SECOND,
  tensorsWithPrefix,
  type HostParameters,
  type HostTensor,
} from '../model/blocks/parameterLocation.ts';
import { argmaxTags, viterbi, type ChainWeights } from '../model/chainPaths.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import { isSaved, withoutAdapters, type TaggerShape } from '../model/parameters.ts';
import { emissions } from '../model/tagger.ts';
import type { Progress } from '../util/clock.ts';
import type { MemoryReport } from '../wire/trainingProtocol.ts';
import { accumulate, trainStep, zeroMoments, type Moments, type StepSettings } from './step.ts';

type Settings = Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'>;

/** Opens a trainer from weights alone (zero moments), or from a checkpoint's tensors when `resumed`. */
export function openTrainer(
  home: EngineHome | null,
  tensors: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
  resumed: boolean,
): Trainer {
  if (home !== null && engineMisfit(settings.shape.encoder) === null)
    return engineTrainer(home, tensors, settings, trained);
  return plainTrainer(resumed ? restoredState(tensors) : freshState(tensors, trained), settings);
}

/** Opens merged weights for prediction: an encoder's adapters are among its weights. */
export function openPredictor(home: EngineHome | null, weights: HostParameters, given: Settings): Predictor {
  const settings = { ...given, shape: withoutAdapters(given.shape) };
  if (home !== null && engineMisfit(settings.shape.encoder) === null) return enginePredictor(home, weights, settings);
  return plainPredictor(weights, settings.shape);
}

/** Opens weights, adapters beside those that they leave as they are, to measure gradients without dropout. */
export function openGradients(
  home: EngineHome | null,
  weights: HostParameters,
  given: Settings,
  trained: (name: string) => boolean,
): GradientMeter {
  const config = { ...given.config, dropout: { encoder: 0, attention: 0, head: 0 } };
  const settings = { ...given, config };
  if (home !== null && engineMisfit(settings.shape.encoder) === null)
    return engineGradients(home, weights, settings, trained);
  return plainGradients(weights, settings, trained);
}

// Trains and predicts with the engine's recorded launch plans, on a GPU or on the processor.

/** A trainer that exposes its engine for measurement. */
export interface EngineTrainer extends Trainer {
  readonly engine: TaggerEngine;
}

function openEngine(home: EngineHome, settings: Settings, trained: (name: string) => boolean): TaggerEngine {
  const { shape, config, factors } = settings;
  return new TaggerEngine(openMachine(home), {
    shape,
    config,
    trained,
    factorsOf: (name) => factors.get(name) ?? { rate: 1, gradient: 1 },
    ...home.compute,
  });
}

/** Starts from `tensors` as written by `checkpointTensors`; missing moments are zero. */
export function engineTrainer(
  home: EngineHome,
  tensors: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
): EngineTrainer {
  const engine = openEngine(home, settings, trained);
  const { weights, first, second } = tensorsWithPrefix(tensors);
  engine.upload(weights);
  engine.upload(first, 'first');
  engine.upload(second, 'second');
  return {
    engine,
    async *prepare(sizes) {
      // Largest first, so that memory for temporaries is allocated once.
      const missing = sizes
        .filter((size) => !engine.isPrepared(size))
        .sort((left, right) => right.size * right.pieces - left.size * left.pieces);
      for (const [done, size] of missing.entries()) {
        yield { phase: 'compiling', done, of: missing.length };
        await engine.prepare(size);
      }
    },
    update: (microBatches, step, learningRate) =>
      engine.step(microBatches, { seed: settings.seed, step, learningRate }),
    readPending: () => engine.readPending(),
    setPending: (loss, gradientNorm) => engine.setPending(loss, gradientNorm),
    weights: () => engine.download(),
    async checkpointTensors() {
      const saved = (name: string): boolean => isSaved(name, settings.shape.encoder);
      const all = new Map<string, HostTensor>(await engine.download('parameter', saved));
      for (const [name, tensor] of await engine.download('first')) all.set(FIRST + name, tensor);
      for (const [name, tensor] of await engine.download('second')) all.set(SECOND + name, tensor);
      return all;
    },
    predict: (batch) => enginePrediction(engine, batch, settings.shape.head.tagCount),
    memory() {
      const tfjs = memoryReport();
      const { bytes } = engine.machine;
      return { ...tfjs, tensorBytes: bytes, gpuBytes: 'module' in home ? null : (tfjs.gpuBytes ?? 0) + bytes };
    },
    dispose: () => engine.release(),
  };
}

/** Opens weights for prediction only, without gradients and moments. */
export function enginePredictor(home: EngineHome, weights: HostParameters, settings: Settings): Predictor {
  const engine = openEngine(home, settings, () => false);
  engine.upload(weights);
  return {
    predict: (batch) => enginePrediction(engine, batch, settings.shape.head.tagCount),
    dispose: () => engine.release(),
  };
}

/** See `GradientMeter`; `settings` has no dropout. */
export function engineGradients(
  home: EngineHome,
  weights: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
): GradientMeter {
  const engine = openEngine(home, settings, trained);
  engine.upload(weights);
  return {
    async measure(batch) {
      engine.setPending(0, 0);
      // At this rate an update leaves the weights as they are.
      await engine.step([batch], { seed: settings.seed, step: 1, learningRate: 0 });
      const [loss] = await engine.readPending();
      const scaled = await engine.download('gradient');
      const { lossScale } = engine;
      if (lossScale !== 1) for (const { values } of scaled.values()) values.forEach((value, at) => (values[at] = value / lossScale)); // prettier-ignore
      return { loss, gradients: scaled };
    },
    dispose: () => engine.release(),
  };
}

async function enginePrediction(engine: TaggerEngine, batch: Batch, tagCount: number): Promise<Prediction> {
  const { tags, emissions } = await engine.predict(batch);
  const rowsOf = <Values extends Int32Array | Float32Array>(values: Values, width: number) =>
    Array.from(batch.crfCounts, (count, row) => {
      const from = row * batch.pieces * width;
      return values.slice(from, from + count * width) as Values;
    });
  return { tags: rowsOf(tags, 1), emissions: async () => rowsOf(await emissions(), tagCount) };
}

// Trains and predicts with plain tfjs ops on the current backend.

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

/** Takes ownership of the state and disposes it. */
export function plainTrainer(
  state: TrainerState,
  settings: Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'>,
): Trainer {
  const { parameters, moments } = state;
  let pending = tf.tensor1d([0, 0]);
  let chain: Promise<ChainWeights | null> | null = null;
  return {
    // Nothing to prepare: tfjs compiles an op at its first use.
    async *prepare() {},
    update(microBatches, step, learningRate) {
      const summary = trainStep(parameters, moments, microBatches, { ...settings, step, learningRate });
      const sum: tf.Tensor1D = tf.add(pending, summary);
      tf.dispose([pending, summary]);
      pending = sum;
      chain = null;
      return Promise.resolve();
    },
    async readPending() {
      const [loss = NaN, gradientNorm = NaN] = await pending.data();
      return [loss, gradientNorm];
    },
    setPending(loss, gradientNorm) {
      pending.dispose();
      pending = tf.tensor1d([loss, gradientNorm]);
    },
    weights: () => downloadParameters(parameters),
    checkpointTensors: () => checkpointTensors(state, settings.shape.encoder),
    async predict(batch) {
      chain ??= chainWeights(parameters, settings.shape);
      return plainPrediction(batch, parameters, settings.shape, await chain);
    },
    memory: memoryReport,
    dispose() {
      pending.dispose();
      disposeState(state);
    },
  };
}

export function plainPredictor(weights: HostParameters, shape: TaggerShape): Predictor {
  const parameters = uploadParameters(weights);
  const chain = chainWeights(parameters, shape);
  return {
    predict: async (batch) => plainPrediction(batch, parameters, shape, await chain),
    dispose: () => disposeParameters(parameters),
  };
}

/** See `GradientMeter`; `settings` has no dropout. */
export function plainGradients(
  weights: HostParameters,
  settings: Pick<StepSettings, 'shape' | 'config' | 'seed'>,
  trained: (name: string) => boolean,
): GradientMeter {
  const parameters = uploadParameters(weights);
  const names = [...parameters.keys()].filter(trained);
  return {
    async measure(batch) {
      const found = accumulate(parameters, names, [batch], batch.size, { ...settings, step: 1 });
      const [loss = NaN] = await found.loss.data();
      const gradients = await downloadParameters(found.gradients);
      tf.dispose([found.loss, ...found.gradients.values()]);
      return { loss, gradients };
    },
    dispose: () => disposeParameters(parameters),
  };
}

async function plainPrediction(
  batch: Batch,
  parameters: DeviceParameters,
  shape: TaggerShape,
  weights: ChainWeights | null,
): Promise<Prediction> {
  const scores = tf.tidy(() => emissions(batch, parameters, shape, NO_DROPOUT, null));
  const values = (await scores.data()) as Float32Array;
  scores.dispose();
  const { tagCount } = shape.head;
  const own = Array.from(batch.crfCounts, (count, row) => {
    const from = row * batch.positions * tagCount;
    return values.subarray(from, from + count * tagCount);
  });
  const tags = own.map((ofSequence, row) => {
    const count = batch.crfCounts[row] as number;
    return weights === null
      ? argmaxTags(ofSequence, count, tagCount)
      : viterbi(ofSequence, count, tagCount, weights).tags;
  });
  return { tags, emissions: () => Promise.resolve(own) };
}

async function chainWeights(parameters: DeviceParameters, { head }: TaggerShape): Promise<ChainWeights | null> {
  if (head.kind === 'softmax') return null;
  const read = async (name: string): Promise<Float32Array | null> => {
    const tensor = parameters.get(name);
    return tensor === undefined ? null : Float32Array.from(await tensor.data());
  };
  const transitions = await read('crf.transitions');
  if (transitions === null) throw new Error('a CRF without transitions');
  return { transitions, start: await read('crf.start'), end: await read('crf.end') };
}

// Declares the interface of trainers and predictors, which plain tfjs and the WebGPU engine share, and the state of the former.

/** Predictions for the sequences of one batch. */
export interface Prediction {
  /** Tags [N] of the CRF positions of each sequence: Viterbi for the CRF, per-position argmax for softmax. */
  readonly tags: readonly Int32Array[];
  /** Emissions [N, K] behind the tags, read back on request only; call it before the next batch. */
  emissions(): Promise<readonly Float32Array[]>;
}

/** Predicts tags with fixed weights. */
export interface Predictor {
  predict(batch: Batch): Promise<Prediction>;
  dispose(): void;
}

/** Trains weights. Losses and gradient norms are summed on the device until they are read. */
export interface Trainer extends Predictor {
  /**
   * Prepares for batches of these sizes (sequences, and pieces they are padded to), so that no step waits for a compiler; yields progress
   * over the sizes not yet prepared. Throws what training would throw on a failing device.
   */
  prepare(sizes: readonly BatchSize[]): AsyncGenerator<Progress, void>;
  /** Performs one update from the micro-batches of step `step` (from 1); reads nothing back. */
  update(microBatches: readonly Batch[], step: number, learningRate: number): Promise<void>;
  /** Reads loss and gradient norm, summed over the steps since they were last set. */
  readPending(): Promise<readonly [loss: number, gradientNorm: number]>;
  setPending(loss: number, gradientNorm: number): void;
  weights(): Promise<HostParameters>;
  /** Everything needed to resume besides weights that adapters leave as pretrained: weights under their names, moments under prefixed ones. */
  checkpointTensors(): Promise<HostParameters>;
  memory(): MemoryReport;
}

/** Measures losses and gradients at fixed weights. */
export interface GradientMeter {
  /** Mean loss of the batch's sequences without dropout, and its gradient for every trained parameter. */
  measure(batch: Batch): Promise<{ readonly loss: number; readonly gradients: HostParameters }>;
  dispose(): void;
}

/** `moments` contains the trained parameters; others stay unchanged. */
export interface TrainerState {
  readonly parameters: DeviceParameters;
  readonly moments: Moments;
}

/** Uploads weights, with zero moments for the trained ones. */
export function freshState(host: HostParameters, trained: (name: string) => boolean = () => true): TrainerState {
  const parameters = uploadParameters(host);
  return { parameters, moments: zeroMoments(new Map([...parameters].filter(([name]) => trained(name)))) };
}

/** Restores the state saved by `checkpointTensors`, the pretrained weights among the tensors. */
export function restoredState(tensors: HostParameters): TrainerState {
  const { weights, first, second } = tensorsWithPrefix(tensors);
  return {
    parameters: uploadParameters(weights),
    moments: { first: uploadParameters(first), second: uploadParameters(second) },
  };
}

/** See `Trainer.checkpointTensors`. */
export async function checkpointTensors(
  { parameters, moments }: TrainerState,
  encoder: Pick<EncoderConfig, 'adapters'> = {},
): Promise<HostParameters> {
  const saved = new Map([...parameters].filter(([name]) => isSaved(name, encoder)));
  const all = new Map<string, HostTensor>(await downloadParameters(saved));
  for (const [name, tensor] of await downloadParameters(moments.first)) all.set(FIRST + name, tensor);
  for (const [name, tensor] of await downloadParameters(moments.second)) all.set(SECOND + name, tensor);
  return all;
}

export function disposeState({ parameters, moments }: TrainerState): void {
  disposeParameters(parameters);
  disposeParameters(moments.first);
  disposeParameters(moments.second);
}
