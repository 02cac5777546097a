// Dropout inside a kernel: the same masks as `model/dropout`, made again wherever they are needed.

/** Numbers a kernel with dropout takes as sizes; `keyAt` is the word of the state that holds the key (`keyWord`). */
export interface DropoutSizes {
  /** A hash below this drops its element. */
  readonly threshold: number;
  /** 1 / (1 - rate), the factor on what is kept. */
  readonly kept: number;
}

/** `rate` in [0, 1). */
export function dropoutSizes(rate: number): DropoutSizes {
  return { threshold: Math.ceil(rate * 4294967296) >>> 0, kept: 1 / (1 - rate) };
}

/**
 * WGSL: `hash32(word)` and `dropped(key, element, threshold, kept)`, the factor 0 or 1 / (1 - rate) of an element.
 * The same integers as `hash32` in `util` (PCG-RXS-M-XS-32).
 */
export const dropoutCode = `
fn hash32(word: u32) -> u32 {
  let state = word * 747796405u + 2891336453u;
  let mixed = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (mixed >> 22u) ^ mixed;
}
fn dropped(key: u32, element: u32, threshold: u32, kept: f32) -> f32 {
  return select(kept, 0.0, hash32(key ^ hash32(element)) < threshold);
}`;
