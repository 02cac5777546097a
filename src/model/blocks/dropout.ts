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
  /** Of whole words, in networks of words; absent: none. */
  readonly words?: number | undefined;
  /** In networks of words, all positions of a sequence have the same masks; absent: each has others. */
  readonly masks?: 'sequence' | undefined;
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
  // Drops words whole.
  word: 13,
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

/** Locked dropout (Gal and Ghahramani 2016) of x [B*T, d]: all `pieces` positions T of a sequence have one mask [d]. */
export function lockedDropout(
  x: tf.Tensor2D,
  pieces: number,
  rate: number,
  stream: DropoutStream | null,
  layer: number,
  site: DropoutSite,
): tf.Tensor2D {
  if (stream === null || rate === 0) return x;
  const [rows, width] = x.shape;
  const size = rows / pieces;
  const mask = tf.tensor3d(dropoutMask(size * width, rate, dropoutKey(stream, layer, site)), [size, 1, width]);
  return tf.reshape(tf.mul(tf.reshape(x, [size, pieces, width]), mask), [rows, width]);
}

/** Word dropout: rows of x [R, d] become zeros with probability `rate`; the others stay as they are, not scaled. */
export function wordDropout(x: tf.Tensor2D, rate: number, stream: DropoutStream | null): tf.Tensor2D {
  if (stream === null || rate === 0) return x;
  const mask = dropoutMask(x.shape[0], rate, dropoutKey(stream, -1, 'word')).map((value) => (value === 0 ? 0 : 1));
  return tf.mul(x, tf.tensor2d(mask, [x.shape[0], 1]));
}
