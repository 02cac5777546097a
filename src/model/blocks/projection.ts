// Projects hidden states by a weight of a layer, with the weight's adapter if it has one; names and dropout sites of adapters.
import * as tf from '@tensorflow/tfjs';
import type { Adapters } from '../../schema/config.ts';
import { parameter } from './deviceParameters.ts';
import { dropout, type AdapterSite, type DropoutStream } from './dropout.ts';
import { locationOf } from './parameterLocation.ts';

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
