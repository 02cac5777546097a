// Attention forward, with an online softmax: nothing of size [T, T] is ever in memory.
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { attentionDirectKernel } from './attentionDirect.ts';
import type { AttentionFamily, AttentionInputs, AttentionShape } from './attentionScores.ts';
import { attentionRegions, attentionSizesOf, attentionWork, onceByHead, termsOf } from './attentionScores.ts';
import { attentionTiledKernel } from './attentionTiled.ts';
import { tileGrid } from './attentionTiles.ts';

const kernels = {
  direct: onceByHead(attentionDirectKernel),
  tiled: onceByHead(attentionTiledKernel),
} as const;

/**
 * context [B*T, H*h] = dropout(softmax(scores)) v, scores[i, j] = (the terms of query i and key j) / sqrt(h); logSumExp [B, H, T] of the
 * scores is what the backward pass makes the probabilities from again.
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
  const terms = termsOf(inputs);
  recorder.launch(
    kernels[family](headSize, terms),
    attentionSizesOf(shape),
    { ...attentionRegions(inputs), ...out },
    grid,
    attentionWork(shape, terms === 'relative' ? 3 : 2),
  );
}
