// Dropout inside kernels: the same masks as `model/dropout`, recomputed wherever they are needed.
import type { DropoutSite } from '../../model/blocks/dropout.ts';
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';
import { keyWord } from '../gpu/stepState.ts';

/** Sizes of a kernel with dropout; `keyAt` is the word of the state with the key (`keyWord`). */
interface DropoutSizes {
  /** A hash below this drops its element. */
  readonly threshold: number;
  /** 1 / (1 - rate), the factor on kept elements. */
  readonly keepScale: number;
}

/** `rate` in [0, 1). */
export function dropoutSizes(rate: number): DropoutSizes {
  return { threshold: Math.ceil(rate * 4294967296) >>> 0, keepScale: 1 / (1 - rate) };
}

/**
 * WGSL: `hash32(word)` and `dropped(key, element, threshold, keepScale)`, the factor 0 or 1 / (1 - rate) of an element. The same
 * integers as `hash32` in `util` (PCG-RXS-M-XS-32).
 */
export const dropoutCode = `
fn hash32(word: u32) -> u32 {
  let state = word * 747796405u + 2891336453u;
  let mixed = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (mixed >> 22u) ^ mixed;
}
fn dropped(key: u32, element: u32, threshold: u32, keepScale: f32) -> f32 {
  return select(keepScale, 0.0, hash32(key ^ hash32(element)) < threshold);
}`;

const dropped = kernel({
  name: 'dropped',
  sizes: { count: 'u32', key: 'u32', threshold: 'u32', keepScale: 'f32' },
  buffers: { x: reads(), state: reads('u32'), out: writes() },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `if (index >= sizes.count) { return; }
  out[index] = x[index] * dropped(state[sizes.key], index, sizes.threshold, sizes.keepScale);`,
});

/** out = x with the dropout of one site of one layer. */
export function recordDropped(
  recorder: Recorder,
  shape: { readonly length: number; readonly rate: number; readonly layer: number; readonly site: DropoutSite },
  { x, state }: { readonly x: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const { length: count, rate, layer, site } = shape;
  const sizes = { count, key: keyWord(layer, site), ...dropoutSizes(rate) };
  recorder.launch(dropped, sizes, { x, state, out }, linearGrid(count, 64), 20 * count);
}
