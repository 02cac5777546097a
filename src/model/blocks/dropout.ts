// Dropout with masks that are a function of (seed, step, site, element) and so can be recomputed anywhere.
import * as tf from '@tensorflow/tfjs';
import { hash32, hashWords } from '../../util/random.ts';

/** Identifies a step's dropout masks; `null` without dropout (evaluation). */
export interface DropoutStream {
  readonly seed: number;
  /** Update step the masks belong to. */
  readonly step: number;
  /** Index of the micro-batch within the step. */
  readonly microBatch: number;
}

export interface DropoutRates {
  readonly encoder: number;
  readonly attention: number;
  readonly head: number;
}

/** Where dropout applies: `site` numbers the places within a layer; the embedding and the head count as separate layers. */
export const DROPOUT_SITES = {
  embedding: 0,
  position: 1,
  attention: 2,
  attentionOutput: 3,
  inner: 4,
  outer: 5,
  encoderOutput: 6,
  head: 7,
  // What the adapters of a layer read: projections of the same rows have the same mask.
  adapterInput: 8,
  adapterPosition: 9,
  adapterContext: 10,
  adapterMiddle: 11,
  adapterActivated: 12,
} as const;
export type DropoutSite = keyof typeof DROPOUT_SITES;
export type AdapterSite = Extract<DropoutSite, `adapter${string}`>;

/** The 32-bit key of one mask: element e is kept when hash32(key ^ hash32(e)) >= rate * 2^32. */
export function dropoutKey(stream: DropoutStream, layer: number, site: DropoutSite): number {
  return hashWords(stream.seed, stream.step, stream.microBatch, layer, DROPOUT_SITES[site]);
}

/** Mask of `size` elements: 0 where dropped, 1 / (1 - rate) where kept. */
export function dropoutMask(size: number, rate: number, key: number): Float32Array {
  const mask = new Float32Array(size);
  const threshold = rate * 4294967296;
  const scale = 1 / (1 - rate);
  for (let element = 0; element < size; element++) {
    if (hash32((key ^ hash32(element)) >>> 0) >= threshold) mask[element] = scale;
  }
  return mask;
}

/** Applies dropout to `x` at one site of one layer; returns `x` itself if nothing is dropped. */
export function dropout<T extends tf.Tensor>(
  x: T,
  rate: number,
  stream: DropoutStream | null,
  layer: number,
  site: DropoutSite,
): T {
  if (stream === null || rate === 0) return x;
  const mask = dropoutMask(x.size, rate, dropoutKey(stream, layer, site));
  return tf.mul(x, tf.tensor(mask, x.shape)) as T;
}
