// XLNet's relative attention forward, with an online softmax: nothing of size [T, T] is ever in memory.
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { attentionDirectKernel } from './attentionDirect.ts';
import type { AttentionFamily, AttentionInputs, AttentionShape } from './attentionScores.ts';
import { attentionSizesOf, attentionWork, onceByHeadSize } from './attentionScores.ts';
import { attentionTiledKernel } from './attentionTiled.ts';
import { tileGrid } from './attentionTiles.ts';

const kernels = {
  direct: onceByHeadSize(attentionDirectKernel),
  tiled: onceByHeadSize(attentionTiledKernel),
} as const;

/**
 * context [B*T, H*h] = dropout(softmax(scores)) v, scores[i, j] = ((q_i + w)·k_j + (q_i + r)·kr[T - i + j] + (q_i + s)·e[segments
 * differ]) / sqrt(h); logSumExp [B, H, T] of the scores is what the backward pass makes the probabilities from again.
 */
export function recordAttention(
  recorder: Recorder,
  family: AttentionFamily,
  shape: AttentionShape,
  inputs: AttentionInputs,
  out: { readonly context: Region; readonly logSumExp: Region },
): void {
  const { headSize, sequences, heads, pieces } = shape;
  const grid = family === 'tiled' ? tileGrid(shape) : linearGrid(sequences * heads * pieces, 64);
  recorder.launch(
    kernels[family](headSize),
    attentionSizesOf(shape),
    { ...inputs, ...out },
    grid,
    attentionWork(shape, 3),
  );
}
