// Implements Adam in plain tfjs ops, with the learning-rate schedule and layer-wise decay.
import * as tf from '@tensorflow/tfjs';
import type { DeviceParameters } from '../model/blocks/deviceParameters.ts';
import type { ParameterLocation } from '../model/blocks/parameterLocation.ts';
import type { TrainingConfig } from '../schema/config.ts';

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
