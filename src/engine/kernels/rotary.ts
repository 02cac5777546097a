// Rotary positions: turns the pairs of columns of queries and keys by the angles of their position, and back.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { aligned, linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';

const rotary = kernel({
  name: 'rotary',
  sizes: {
    count: 'u32',
    rows: 'u32',
    pieces: 'u32',
    heads: 'u32',
    half: 'u32',
    stride: 'u32',
    sign: 'f32',
    cosinesAt: 'u32',
    sinesAt: 'u32',
  },
  buffers: { angles: reads(), qkv: writes() },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let k = index % sizes.half;
  let head = (index / sizes.half) % sizes.heads;
  let row = (index / (sizes.half * sizes.heads)) % sizes.rows;
  let which = index / (sizes.half * sizes.heads * sizes.rows);
  let at = which * sizes.stride + (row * sizes.heads + head) * 2u * sizes.half + k;
  let angle = (row % sizes.pieces) * sizes.half + k;
  let cosine = angles[sizes.cosinesAt + angle];
  let sine = sizes.sign * angles[sizes.sinesAt + angle];
  let x = qkv[at];
  let y = qkv[at + sizes.half];
  qkv[at] = x * cosine - y * sine;
  qkv[at + sizes.half] = y * cosine + x * sine;`,
});

interface RotaryShape {
  readonly sequences: number;
  readonly pieces: number;
  readonly heads: number;
  readonly headSize: number;
  /** Which of the kinds of angles, see `RotaryDesign`. */
  readonly kind: 0 | 1;
  /** Backwards for gradients: the transpose of a rotation. */
  readonly direction: 'forwards' | 'backwards';
}

/**
 * Turns column k of each head of queries and keys with column k + h/2, in place, by the angle of the row's position: x cos - y sin, y cos +
 * x sin (Su et al. 2021, RoFormer; the halves as in GPT-NeoX). `qkv` are queries, keys and values as attention reads them; `angles` as
 * `RotaryDesign` has them.
 */
export function recordRotary(
  recorder: Recorder,
  { sequences, pieces, heads, headSize, kind, direction }: RotaryShape,
  { angles }: { readonly angles: Region },
  { qkv }: { readonly qkv: Region },
): void {
  const rows = sequences * pieces;
  const half = headSize / 2;
  const count = 2 * rows * heads * half;
  const cosinesAt = kind * 2 * pieces * half;
  const sizes = {
    ...{ count, rows, pieces, heads, half, cosinesAt },
    sinesAt: cosinesAt + pieces * half,
    stride: aligned(rows * heads * headSize),
    sign: direction === 'forwards' ? 1 : -1,
  };
  recorder.launch(rotary, sizes, { angles, qkv }, linearGrid(count, 64), 8 * count);
}
