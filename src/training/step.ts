// Performs one update: accumulates the gradients of all micro-batches, clips them by global norm, and applies Adam with its schedule.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../model/blocks/encoderFamily.ts';
import type { DeviceParameters } from '../model/blocks/layerBlocks.ts';
import type { ParameterLocation } from '../model/blocks/parameterLocation.ts';
import type { TaggerShape } from '../model/parameters.ts';
import { frozenFeatures, summedLoss } from '../model/tagger.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { LabError } from '../util/labError.ts';

export interface StepSettings {
  readonly shape: TaggerShape;
  readonly config: TrainingConfig;
  readonly factors: ReadonlyMap<string, DecayFactors>;
  readonly seed: number;
  /** Update number, from 1. */
  readonly step: number;
  readonly learningRate: number;
}

/**
 * Updates the parameters that have moments, and the moments, from the micro-batches of one step. Returns a tensor [2] owned by the caller:
 * the loss (mean negative log-likelihood over the step's sequences) and the global gradient norm before clipping. Reads nothing back.
 */
export function trainStep(
  parameters: DeviceParameters,
  moments: Moments,
  microBatches: readonly Batch[],
  settings: StepSettings,
): tf.Tensor1D {
  const sequences = microBatches.reduce((total, { size }) => total + size, 0);
  const trained = [...moments.first.keys()];
  const { loss, gradients } = accumulate(parameters, trained, microBatches, sequences, settings);
  const [scale, report] = tf.tidy(() => {
    const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    const norm = tf.sqrt(squares.reduce((left, right) => tf.add(left, right)));
    const { clipNorm } = settings.config;
    const clip = clipNorm === null ? tf.scalar(1) : tf.div(clipNorm, tf.maximum(norm, clipNorm));
    return [clip, tf.stack([loss, norm])];
  }) as [tf.Scalar, tf.Tensor1D];
  adamUpdate(parameters, moments, gradients, scale, { ...settings, adam: settings.config.adam });
  tf.dispose([loss, scale, ...gradients.values()]);
  return report;
}

/**
 * Loss of the step and its gradients for the parameters `names`: each micro-batch's summed loss divided by the step's sequences, added in order. The
 * caller owns the tensors.
 */
export function accumulate(
  parameters: DeviceParameters,
  names: readonly string[],
  microBatches: readonly Batch[],
  sequences: number,
  { shape, config, seed, step }: Pick<StepSettings, 'shape' | 'config' | 'seed' | 'step'>,
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  let total: tf.Tensor[] | null = null;
  for (const [microBatch, batch] of microBatches.entries()) {
    const stream = { seed, step, microBatch };
    const features = frozenFeatures(batch, parameters, shape.encoder);
    const ready = features === null ? batch : { ...batch, features };
    const scaledLoss = (...tensors: tf.Tensor[]): tf.Scalar => {
      const named = new Map(parameters);
      names.forEach((name, index) => named.set(name, tensors[index] as tf.Tensor));
      return tf.div(summedLoss(ready, named, shape, config.dropout, stream), sequences);
    };
    const found: tf.Tensor[] = tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads(scaledLoss)(names.map((name) => parameters.get(name) as tf.Tensor));
      return [value, ...grads];
    });
    features?.dispose();
    if (total === null) {
      total = found;
      continue;
    }
    const before: tf.Tensor[] = total;
    total = before.map((sum, index) => tf.add(sum, found[index] as tf.Tensor));
    tf.dispose([before, found]);
  }
  const [loss, ...gradients] = total as tf.Tensor[];
  return {
    loss: loss as tf.Scalar,
    gradients: new Map(names.map((name, index) => [name, gradients[index] as tf.Tensor])),
  };
}

/** Throws LabError `training/notFinite` if the sum or mean over the steps up to `step` is not finite. */
export function assertFinite(step: number, loss: number, gradientNorm: number): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  throw new LabError(
    'training/notFinite',
    `The loss or gradient is no longer finite at step ${step}; a lower learning rate may help.`,
    {
      expected: 'a finite loss and gradient norm',
      got: `loss ${loss}, gradient norm ${gradientNorm}`,
    },
  );
}

// Implements Adam in plain tfjs ops, with the learning-rate schedule and layer-wise decay.

/** First and second moments of every trained parameter; the owner of this object disposes the tensors. */
export interface Moments {
  readonly first: DeviceParameters;
  readonly second: DeviceParameters;
}

export function zeroMoments(parameters: DeviceParameters): Moments {
  const zeros = (): DeviceParameters => new Map([...parameters].map(([name, tensor]) => [name, tf.zerosLike(tensor)]));
  return { first: zeros(), second: zeros() };
}

/**
 * Performs one update, replacing the tensors in `parameters` and `moments` (the old ones are disposed).
 * g = scale * gradientFactor * gradient; m, v as usual; `standard`: p -= rate * m^ / (sqrt(v^) + eps), with m^ and v^ bias-corrected;
 * `hat`: p -= rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps), TensorFlow's form. `step` counts from 1.
 */
export function adamUpdate(
  parameters: DeviceParameters,
  moments: Moments,
  gradients: ReadonlyMap<string, tf.Tensor>,
  scale: tf.Scalar,
  settings: {
    readonly step: number;
    readonly learningRate: number;
    readonly adam: TrainingConfig['adam'];
    readonly factors: ReadonlyMap<string, DecayFactors>;
  },
): void {
  const { beta1, beta2, epsilon, epsilonForm } = settings.adam;
  const correction1 = 1 - beta1 ** settings.step;
  const correction2 = Math.sqrt(1 - beta2 ** settings.step);
  const hat = epsilonForm === 'hat';
  for (const [name, gradient] of gradients) {
    const { rate, gradient: factor } = settings.factors.get(name) ?? { rate: 1, gradient: 1 };
    const [p, m, v] = [parameters.get(name), moments.first.get(name), moments.second.get(name)];
    if (p === undefined || m === undefined || v === undefined) throw new Error(`no moments for parameter ${name}`);
    const [nextP, nextM, nextV] = tf.tidy(() => {
      const g = tf.mul(gradient, factor === 1 ? scale : tf.mul(scale, factor));
      const first = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1));
      const second = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2));
      const root = hat ? tf.sqrt(second) : tf.div(tf.sqrt(second), correction2);
      const stepSize = (settings.learningRate * rate * (hat ? correction2 : 1)) / correction1;
      return [tf.sub(p, tf.mul(tf.div(first, tf.add(root, epsilon)), stepSize)), first, second];
    }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    tf.dispose([p, m, v]);
    parameters.set(name, nextP);
    moments.first.set(name, nextM);
    moments.second.set(name, nextV);
  }
}

/** Learning rate of the head at a 0-based step of `totalSteps`: linear warm-up, then linear decay to 0 or constant. */
export function learningRateAt(
  config: Pick<TrainingConfig, 'learningRate' | 'decay' | 'warmupSteps'>,
  step: number,
  totalSteps: number,
): number {
  const { learningRate, warmupSteps } = config;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (config.decay === 'constant') return learningRate;
  const left = (totalSteps - step) / Math.max(1, totalSteps - warmupSteps);
  return learningRate * Math.max(0, Math.min(1, left));
}

/** Layer-wise decay of one parameter: a factor on its rate (paper) and one on its clipped gradient (released code). */
export interface DecayFactors {
  readonly rate: number;
  readonly gradient: number;
}

/**
 * `rate`: lr[l-1] = factor * lr[l] with the head at the full rate, so layer l of n has factor^(n - l), and the embedding learns with
 * layer 0 (paper). `gradient`: the clipped gradient of layer l times factor^(n - 1 - l), all others unchanged (released code).
 */
export function decayFactors(
  { mode, factor }: TrainingConfig['layerDecay'],
  location: ParameterLocation,
  layers: number,
): DecayFactors {
  if (mode === 'rate') {
    if (location.part === 'head') return { rate: 1, gradient: 1 };
    return { rate: factor ** (layers - (location.part === 'layer' ? location.layer : 0)), gradient: 1 };
  }
  if (mode === 'gradient' && location.part === 'layer')
    return { rate: 1, gradient: factor ** (layers - 1 - location.layer) };
  return { rate: 1, gradient: 1 };
}
