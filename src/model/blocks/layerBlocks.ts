// What layers of all families are made of, as tfjs ops: parameters on the device, projections with adapters, residual and feed-forward blocks.
import * as tf from '@tensorflow/tfjs';
import type { Adapters } from '../../schema/config.ts';
import { dropout, type AdapterSite, type DropoutStream } from './dropout.ts';
import type { Activation, EncoderSizes } from './encoderFamily.ts';
import { locationOf, type HostParameters, type HostTensor } from './parameterLocation.ts';

// The rest of a layer after attention, in any family: its residual, then a feed-forward block with another, each followed by a norm.

/** The activations of feed-forward blocks in plain tfjs ops. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'relu') return tf.relu(x);
  if (activation === 'silu') return tf.mul(x, tf.sigmoid(x));
  const gate =
    activation === 'gelu'
      ? tf.erf(tf.mul(x, Math.SQRT1_2))
      : tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)));
  return tf.mul(tf.mul(x, 0.5), tf.add(gate, 1));
}

/** Normalises the rows of x [n, d] to mean 0 and variance 1, then scales and, unless `shift` is null, shifts. */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor1D, shift: tf.Tensor1D | null, epsilon: number): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const variance = tf.mean(tf.square(centred), 1, true);
  const scaled: tf.Tensor2D = tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale);
  return shift === null ? scaled : tf.add(scaled, shift);
}

/**
 * h'' [B*T, d] from h [B*T, d] and its attention output: h' = LN(dropout(attended) + h), h'' = LN(dropout(ff(h')) + h'). `inner` is
 * the dropout rate inside ff, `outer` that of the rest.
 */
export function residualBlocks(
  h: tf.Tensor2D,
  attended: tf.Tensor2D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  layer: number,
  { activation, layerNormEpsilon, adapters }: EncoderSizes,
  rates: { readonly inner: number; readonly outer: number },
  stream: DropoutStream | null,
): tf.Tensor2D {
  const weight = <W extends tf.Tensor>(name: string): W => parameter<W>(parameters, `layer.${layer}.${name}`);
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    layerNorm(x, weight(`${name}.scale`), weight(`${name}.shift`), layerNormEpsilon);
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    tf.add(projected(x, parameters, `layer.${layer}.${name}.kernel`, adapters, stream), weight(`${name}.bias`));

  const middle = norm(tf.add(dropout(attended, rates.outer, stream, layer, 'attentionOutput'), h), 'attention.norm');
  const inner = activate(linear(middle, 'feedForward.inner'), activation);
  const outer = linear(dropout(inner, rates.inner, stream, layer, 'inner'), 'feedForward.outer');
  return norm(tf.add(dropout(outer, rates.outer, stream, layer, 'outer'), middle), 'feedForward.norm');
}

/**
 * [B, 1, T, T] 0 where a piece may attend, -1e30 where not. Padding is hidden from every piece except itself, so that every row has a target;
 * pieces further away than `window` are hidden, too.
 */
export function attentionMask(
  pieceCounts: Int32Array,
  [B, T]: readonly [number, number],
  window: number = Infinity,
): tf.Tensor4D {
  const mask = new Float32Array(B * T * T);
  for (let b = 0; b < B; b++) {
    const real = pieceCounts[b] as number;
    for (let i = 0; i < T; i++) {
      for (let j = 0; j < T; j++) {
        if (i !== j && (j >= real || Math.abs(i - j) > window)) mask[(b * T + i) * T + j] = -1e30;
      }
    }
  }
  return tf.tensor4d(mask, [B, 1, T, T]);
}

// Projects hidden states by a weight of a layer, with the weight's adapter if it has one; names and dropout sites of adapters.

/** Projections that may have an adapter, relative to `layer.<l>.`, and where dropout applies to what it reads. */
const ADAPTED: ReadonlyMap<string, AdapterSite> = new Map([
  ['attention.query', 'adapterInput'],
  ['attention.key', 'adapterInput'],
  ['attention.value', 'adapterInput'],
  ['attention.position', 'adapterPosition'],
  ['attention.output', 'adapterContext'],
  ['feedForward.inner.kernel', 'adapterMiddle'],
  ['feedForward.gate.kernel', 'adapterMiddle'],
  ['feedForward.outer.kernel', 'adapterActivated'],
]);

const QUERY_VALUE: readonly string[] = ['attention.query', 'attention.value'];

/** Whether a weight, named relative to `layer.<l>.`, has an adapter under such settings. */
export function isAdapted(suffix: string, { projections }: Pick<Adapters, 'projections'>): boolean {
  return projections === 'all-linear' ? ADAPTED.has(suffix) : QUERY_VALUE.includes(suffix);
}

/** Names of the adapter of a weight: `down` is A [in, rank], `up` is B [rank, out]. */
export function adapterOf(weight: string): { readonly down: string; readonly up: string } {
  return { down: `${weight}.adapter.down`, up: `${weight}.adapter.up` };
}

/** Whether a parameter belongs to an adapter. */
export function isAdapter(name: string): boolean {
  return /\.adapter\.(down|up)$/.test(name);
}

/** The factor on A B. */
export function adapterScale({ alpha, rank }: Pick<Adapters, 'alpha' | 'rank'>): number {
  return alpha / rank;
}

/**
 * x W [n, out] from x [n, in], plus dropout(x) A B alpha / rank where the weight `name` has an adapter (LoRA, Hu et al. 2021). `site` is that
 * of the weight's usual input if absent.
 */
export function projected(
  x: tf.Tensor2D,
  parameters: ReadonlyMap<string, tf.Tensor>,
  name: string,
  adapters: Adapters | undefined,
  stream: DropoutStream | null,
  site?: AdapterSite,
): tf.Tensor2D {
  const out: tf.Tensor2D = tf.matMul(x, parameter<tf.Tensor2D>(parameters, name));
  const location = locationOf(name);
  if (adapters === undefined || location.part !== 'layer') return out;
  const suffix = name.slice(`layer.${location.layer}.`.length);
  const usual = ADAPTED.get(suffix);
  if (usual === undefined || !isAdapted(suffix, adapters)) return out;
  const { down, up } = adapterOf(name);
  const dropped = dropout(x, adapters.dropout, stream, location.layer, site ?? usual);
  const low = tf.matMul(dropped, parameter<tf.Tensor2D>(parameters, down));
  const added = tf.matMul(low, parameter<tf.Tensor2D>(parameters, up));
  return tf.add(out, tf.mul(added, adapterScale(adapters)));
}

// Parameters as tensors of the current backend.

/** Named tensors owned by the holder of the map. */
export type DeviceParameters = Map<string, tf.Tensor>;

export function uploadParameters(host: HostParameters): DeviceParameters {
  return new Map([...host].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));
}

/** Reads every tensor back, without blocking. */
export async function downloadParameters(parameters: DeviceParameters): Promise<HostParameters> {
  const host = new Map<string, HostTensor>();
  for (const [name, tensor] of parameters) {
    host.set(name, { shape: tensor.shape, values: Float32Array.from(await tensor.data()) });
  }
  return host;
}

export function disposeParameters(parameters: DeviceParameters): void {
  for (const tensor of parameters.values()) tensor.dispose();
  parameters.clear();
}

/** Returns the tensor named `name`, asserting its rank; a missing name is a programming error. */
export function parameter<T extends tf.Tensor>(parameters: ReadonlyMap<string, tf.Tensor>, name: string): T {
  const tensor = parameters.get(name);
  if (tensor === undefined) throw new Error(`parameter ${name} is missing`);
  return tensor as T;
}
