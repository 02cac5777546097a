// Performs one update: accumulates the gradients of all micro-batches, clips them by global norm, and applies Adam.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../model/blocks/batch.ts';
import type { DeviceParameters } from '../model/blocks/deviceParameters.ts';
import { frozenFeatures, summedLoss, type TaggerShape } from '../model/tagger.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { LabError } from '../util/labError.ts';
import { adamUpdate, type DecayFactors, type Moments } from './adam.ts';

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
