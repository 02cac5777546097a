// Trains and predicts with plain tfjs ops on the current backend.
import * as tf from '@tensorflow/tfjs';
import { memoryReport } from '../engine/start/startBackend.ts';
import type { Batch } from '../model/blocks/batch.ts';
import {
  disposeParameters,
  downloadParameters,
  uploadParameters,
  type DeviceParameters,
} from '../model/blocks/deviceParameters.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { emissions, type TaggerShape } from '../model/tagger.ts';
import { argmaxTags, viterbi, type ChainWeights } from '../model/viterbi.ts';
import { accumulate, trainStep, type StepSettings } from './step.ts';
import {
  checkpointTensors,
  disposeState,
  type GradientMeter,
  type Prediction,
  type Predictor,
  type Trainer,
  type TrainerState,
} from './trainer.ts';

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
      return predictionOf(batch, parameters, settings.shape, await chain);
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
    predict: async (batch) => predictionOf(batch, parameters, shape, await chain),
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

async function predictionOf(
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
