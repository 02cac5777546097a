// How a tagger reads those of other tasks (CollaboNet, Yoon et al. 2019): their LSTMs, each times a learned number, and the largest of them.
import * as tf from '@tensorflow/tfjs';
import { parameter } from '../../blocks/deviceParameters.ts';
import type { NamedShapes } from '../../blocks/encoderFamily.ts';
import type { HostParameters, HostTensor } from '../../blocks/hostParameters.ts';
import { EMBEDDING, HELPERS, isFixed } from '../../blocks/parameterLocation.ts';
import { Rng } from '../../../util/random.ts';

/** One number for each helper, 1 at first. */
export const SCALES = `${EMBEDDING}.scales`;

const prefixOf = (helper: number): string => `${HELPERS}${helper}.`;

/** The scales, and for each helper its parameters, which no run changes. */
export function collaborationShapes(helpers: number, ofHelper: NamedShapes): NamedShapes {
  const each = Array.from({ length: helpers }, (_, helper) =>
    ofHelper.map(([name, shape]) => [prefixOf(helper) + name, shape] as const),
  );
  return [[SCALES, [helpers]], ...each.flat()];
}

/** The parameters that a helper computes with: those of its prefix, and what no run trains, which all share. */
export function helperView(parameters: ReadonlyMap<string, tf.Tensor>, helper: number): ReadonlyMap<string, tf.Tensor> {
  const prefix = prefixOf(helper);
  const view = new Map(parameters);
  for (const [name, tensor] of parameters) if (name.startsWith(prefix)) view.set(name.slice(prefix.length), tensor);
  return view;
}

/** [R, d] of the helpers' outputs [R, n*d]: each times its scale, then the largest of them in each place. */
export function strongest(helpers: tf.Tensor2D, parameters: ReadonlyMap<string, tf.Tensor>): tf.Tensor2D {
  const scales = parameter<tf.Tensor1D>(parameters, SCALES);
  const [count] = scales.shape;
  const scaled = tf
    .split(helpers, count, 1)
    .map((own, helper) => tf.mul(own, tf.slice(scales, [helper], [1])) as tf.Tensor2D);
  return scaled.reduce((left, right) => tf.maximum(left, right));
}

/**
 * The weights of a helper under its prefix, from those of a tagger. What that tagger itself read of others is left out: as a helper it
 * reads zeros in their place, as in the original. `ofHelper` are the names and shapes of its parameters.
 */
export function helperWeights(tagger: HostParameters, ofHelper: NamedShapes, helper: number): HostParameters {
  return new Map(
    ofHelper.map(([name, shape]): [string, HostTensor] => {
      const tensor = tagger.get(name);
      if (tensor === undefined) throw new Error(`missing ${name} in the weights of a helper`);
      return [prefixOf(helper) + name, { shape, values: firstOf(tensor, shape) }];
    }),
  );
}

function firstOf({ values }: HostTensor, shape: readonly number[]): Float32Array<ArrayBuffer> {
  return values.slice(
    0,
    shape.reduce((product, size) => product * size, 1),
  );
}

/**
 * A tagger's weights as those of one that reads helpers: with scales of 1, and the first LSTM with rows for what they give, drawn from the seed
 * within sqrt(6 / (in + out)) (Glorot) of the whole kernel. `shapes` are those of the encoder with helpers. A tagger that reads them already is returned as it is.
 */
export function collaboratingWeights(tagger: HostParameters, shapes: NamedShapes, seed: number): HostParameters {
  const weights = new Map(tagger);
  for (const [name, shape] of shapes) {
    if (isFixed(name)) continue;
    const own = tagger.get(name);
    if (name === SCALES) {
      weights.set(name, own ?? { shape, values: new Float32Array(shape[0] as number).fill(1) });
    } else if (own !== undefined && own.shape[0] !== shape[0]) {
      weights.set(name, widened(own, shape, Rng.seeded(seed).fork('collaboration', name)));
    }
  }
  return weights;
}

function widened({ values: own }: HostTensor, shape: readonly number[], rng: Rng): HostTensor {
  const [rows = 0, columns = 0] = shape;
  const values = new Float32Array(rows * columns);
  values.set(own);
  const bound = Math.sqrt(6 / (rows + columns / 4));
  for (let index = own.length; index < values.length; index++) values[index] = bound * (2 * rng.uniform() - 1);
  return { shape, values };
}
