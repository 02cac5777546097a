// Draws attention, runs a family's kernels over it, forward and backward, and gives the truth in float64.
import { aligned } from '../../../src/engine/gpu/recorder.ts';
import { recordAttention, recordAttentionBackward } from '../../../src/engine/kernels/attention/attention.ts';
import type { AttentionFamily, AttentionTerms } from '../../../src/engine/kernels/attention/attentionScores.ts';
import {
  bruteForceAttention,
  bruteForceAttentionGradients,
  type AttentionOperands,
  type FloatAttention,
} from './bruteForceAttention.ts';
import { drawnNumbers } from './drawnNumbers.ts';
import { kernelState, plainMask } from './kernelState.ts';
import { runRecording } from './runRecording.ts';

const LAYER = 1;
/** What gradients hold before. */
export const BEFORE = 3;

export interface AttentionCase {
  readonly counts: readonly number[];
  readonly pieces: number;
  readonly heads: number;
  readonly headSize: number;
  readonly rate: number;
  /** Standard deviation of queries and keys: the larger, the sharper the softmax. */
  readonly size?: number;
}

type Floats = Float32Array<ArrayBuffer>;

export interface DrawnAttention extends FloatAttention<Floats> {
  readonly terms: AttentionTerms;
  readonly segmentIds: Int32Array<ArrayBuffer>;
  readonly dContext: Floats;
}

export const BIASES = ['contentBias', 'positionBias', 'segmentBias', 'segmentEmbedding'] as const;
export const QKV = ['queries', 'keys', 'values'] as const;

/** Absolute terms are relative ones with all biases, positions and segments zero. */
export function drawAttention(
  { counts, pieces, heads, headSize, rate, size = 1 }: AttentionCase,
  terms: AttentionTerms = 'relative',
): DrawnAttention {
  const relative = terms === 'relative' ? 1 : 0;
  const width = heads * headSize;
  const length = counts.length * pieces * width;
  // Two segments, the last piece in a third, padding in a fourth.
  const segment = (t: number, count: number): number => {
    if (t >= count) return 4;
    if (t === count - 1) return 2;
    return t * 3 > count ? 1 : 0;
  };
  return {
    terms,
    sequences: counts.length,
    pieces,
    heads,
    headSize,
    counts,
    segmentIds: Int32Array.from({ length: counts.length * pieces }, (_, row) =>
      segment(row % pieces, counts[Math.floor(row / pieces)] as number),
    ),
    factors: plainMask(counts.length * heads * pieces * pieces, rate, LAYER, 'attention'),
    queries: drawnNumbers('queries', length, size),
    keys: drawnNumbers('keys', length, size),
    values: drawnNumbers('values', length),
    position: drawnNumbers('position', 2 * pieces * width, relative),
    contentBias: drawnNumbers('contentBias', width, 0.5 * relative),
    positionBias: drawnNumbers('positionBias', width, 0.5 * relative),
    segmentBias: drawnNumbers('segmentBias', width, 0.5 * relative),
    segmentEmbedding: drawnNumbers('segmentEmbedding', 2 * width, relative),
    dContext: drawnNumbers('dContext', length),
  };
}

/** Concatenates the parts, each beginning at a multiple of `stride` words. */
function joined(stride: number, parts: readonly Floats[]): Floats {
  const last = parts.at(-1) as Floats;
  const all = new Float32Array((parts.length - 1) * stride + last.length);
  for (const [place, part] of parts.entries()) all.set(part, place * stride);
  return all;
}

export async function runAttention(
  way: AttentionFamily,
  { rate }: AttentionCase,
  drawn: DrawnAttention,
  { accumulate = false, frozen = false } = {},
) {
  const { sequences, pieces, heads, headSize, counts, segmentIds, position, dContext } = drawn;
  const length = dContext.length;
  const layoutWords = new Int32Array(aligned(segmentIds.length) + sequences);
  layoutWords.set(segmentIds);
  layoutWords.set(counts, aligned(segmentIds.length));
  const inputs = {
    qkv: joined(aligned(length), QKV.map((name) => drawn[name])), // prettier-ignore
    position,
    layoutWords,
    biases: joined(aligned(heads * headSize), BIASES.map((name) => drawn[name])), // prettier-ignore
    state: kernelState(accumulate),
    dContext,
  };
  const lengths = {
    context: length,
    logSumExp: sequences * heads * pieces,
    dQkv: inputs.qkv.length,
    dPosition: position.length,
    dBiases: inputs.biases.length,
  };
  return runRecording(
    inputs,
    lengths,
    (recorder, { dContext, context, logSumExp, dQkv, dPosition, dBiases, ...read }) => {
      const shape = { sequences, pieces, heads, headSize, layer: LAYER, rate };
      const { qkv, layoutWords, state, position, biases } = read;
      const isRelative = drawn.terms === 'relative';
      const inputs = { qkv, layoutWords, state, relative: isRelative ? { position, biases } : null };
      recordAttention(recorder, way, shape, inputs, { context, logSumExp });
      const relative = isRelative ? { position: dPosition, biases: frozen ? null : dBiases } : null;
      const gradients = { qkv: dQkv, relative };
      recordAttentionBackward(recorder, way, shape, inputs, { context, logSumExp }, dContext, gradients);
    },
    { fill: BEFORE },
  );
}

/** Returns each result by name, cut from the buffers that hold several. */
export function namedResults(
  drawn: DrawnAttention,
  found: Awaited<ReturnType<typeof runAttention>>,
): Readonly<Record<string, Floats>> {
  const cut = (from: Floats, stride: number, names: readonly (keyof AttentionOperands)[]) =>
    Object.fromEntries(
      names.map((name, place) => [name, from.subarray(place * stride, place * stride + drawn[name].length)]),
    );
  const own = {
    context: found.context,
    logSumExp: found.logSumExp,
    ...cut(found.dQkv, aligned(drawn.queries.length), QKV),
  };
  if (drawn.terms === 'absolute') return own;
  return { ...own, position: found.dPosition, ...cut(found.dBiases, aligned(drawn.contentBias.length), BIASES) };
}

export type AttentionTruth = Readonly<Record<string, Float64Array>>;

export function attentionTruth(drawn: DrawnAttention): AttentionTruth {
  return { ...bruteForceAttention(drawn), ...bruteForceAttentionGradients(drawn, drawn.dContext) };
}
