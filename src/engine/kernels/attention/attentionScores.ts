// What all attention kernels share: their inputs, the WGSL of a score and its dropout, and attention as one launch for machines that compute a head as a whole.
import { kernelWithoutCode, keyWord, reads, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import { aligned, type Recorder, type Region } from '../../gpu/recorder.ts';
import { dropoutCode, dropoutSizes } from '../bias.ts';

/**
 * `direct`: one invocation per query, key or relative position, without barriers, for adapters that compute on the CPU. `tiled`:
 * workgroups load blocks of 32 into workgroup memory, for graphics hardware; `tiled f16` stores them there in f16. `whole`: one
 * launch, for machines with separate kernels.
 */
export type AttentionFamily = 'direct' | TiledFamily | 'whole';
export type TiledFamily = 'tiled' | 'tiled f16';

/**
 * The terms of a score. `absolute`: content, q_i·k_j, as in BERT. `relative`: content, distance and segment, each with a bias on
 * the query, (q_i + w)·k_j + (q_i + r)·kr[T - i + j] + (q_i + s)·e[segments differ], as in XLNet.
 */
export type AttentionTerms = 'absolute' | 'relative';

export interface AttentionShape {
  readonly sequences: number;
  readonly pieces: number;
  readonly heads: number;
  /** A multiple of 4. */
  readonly headSize: number;
  readonly layer: number;
  /** Attention dropout rate. */
  readonly rate: number;
  /** Scores are divided by the root of the head size times this number of terms; absent for 1. */
  readonly termCount?: number;
  /** The largest distance of a key from its query; absent for all. Only with absolute terms. */
  readonly window?: number | null;
}

/** Longer than any sequence. */
const EVERYWHERE = 2 ** 30;

export interface AttentionInputs {
  /** Queries, keys and values, each [B*T, H*h] and beginning at a multiple of aligned(B*T*H*h) words. */
  readonly qkv: Region;
  /** i32: segment ids [B*T], then from word aligned(B*T) the piece counts [B]. */
  readonly layoutWords: Region;
  readonly state: Region;
  /** Null with absolute terms. */
  readonly relative: RelativeInputs | null;
  /**
   * Queries, then keys, of every distance, [2T, H*h] each, row p for i - j = T - p, the keys beginning at a multiple of 64 words; absent
   * unless contents are also compared with distances, as in DeBERTa: q_i·k_j + q_i·K[T - i + j] + k_j·Q[T - i + j].
   */
  readonly distances?: Region;
}

export interface RelativeInputs {
  /** kr [2T, H*h], row p for the relative position T - p. */
  readonly position: Region;
  /** contentBias, positionBias, segmentBias [H, h] and segmentEmbedding [2, H, h], at words 0, a, 2a, 3a with a = aligned(H*h). */
  readonly biases: Region;
}

export function termsOf({ relative }: AttentionInputs): AttentionTerms {
  return relative === null ? 'absolute' : 'relative';
}

/** Regions under the names that kernels use. */
export function attentionRegions({
  relative,
  distances,
  ...inputs
}: AttentionInputs): Readonly<Record<string, Region>> {
  return { ...inputs, ...relative, ...(distances === undefined ? {} : { distances }) };
}

/** Sizes of every attention kernel; widths and strides count vec4. */
export const attentionSizes = {
  sequences: 'u32',
  pieces: 'u32',
  heads: 'u32',
  width: 'u32',
  qkvStride: 'u32',
  biasStride: 'u32',
  countsAt: 'u32',
  scale: 'f32',
  key: 'u32',
  threshold: 'u32',
  keepScale: 'f32',
  window: 'u32',
} as const;

export function attentionSizesOf({
  sequences,
  pieces,
  heads,
  headSize,
  layer,
  rate,
  window,
  termCount = 1,
}: AttentionShape) {
  const hidden = heads * headSize;
  return {
    sequences,
    pieces,
    heads,
    width: hidden / 4,
    qkvStride: aligned(sequences * pieces * hidden) / 4,
    biasStride: aligned(hidden) / 4,
    countsAt: aligned(sequences * pieces),
    scale: 1 / Math.sqrt(termCount * headSize),
    key: keyWord(layer, 'attention'),
    ...dropoutSizes(rate),
    window: window ?? EVERYWHERE,
  };
}

export function attentionReads(terms: AttentionTerms): Readonly<Record<string, BufferBinding>> {
  const relative = terms === 'relative';
  return {
    qkv: reads('vec4<f32>'),
    ...(relative ? { position: reads('vec4<f32>') } : {}),
    layoutWords: reads('i32'),
    ...(relative ? { biases: reads('vec4<f32>') } : {}),
    state: reads('u32'),
  };
}

/** `statistics` of a query: log-sum-exp, dContext·context, and with relative terms its scores for keys in the same segment and in another. */
export function attentionBackwardReads(terms: AttentionTerms): Readonly<Record<string, BufferBinding>> {
  return { ...attentionReads(terms), dContext: reads('vec4<f32>'), statistics: reads('vec4<f32>') };
}

/** Caches the result of `make` by head size and terms. */
export function onceByHead<Made>(
  make: (headSize: number, terms: AttentionTerms) => Made,
): (headSize: number, terms: AttentionTerms) => Made {
  const madeFor = new Map<string, Made>();
  return (headSize, terms) => {
    const key = `${headSize} ${terms}`;
    const made = madeFor.get(key) ?? make(headSize, terms);
    madeFor.set(key, made);
    return made;
  };
}

/** WGSL only for relative terms: `text` if terms are relative, else empty. */
export const ifRelative =
  (terms: AttentionTerms) =>
  (text: string): string =>
    terms === 'relative' ? text : '';

/** WGSL of a kernel with one invocation per piece and head: defines `b`, `head` and the named piece. */
export const ofOnePiece = (piece: 'i' | 'j'): string =>
  `if (index >= sizes.sequences * sizes.heads * sizes.pieces) { return; }
  let ${piece} = index % sizes.pieces;
  let head = (index / sizes.pieces) % sizes.heads;
  let b = index / (sizes.pieces * sizes.heads);`;

/** Text for each vec4 of a head: registers are named and never indexed. */
export function eachVector(headSize: number, text: (c: number) => string): string {
  return Array.from({ length: headSize / 4 }, (_, c) => text(c)).join('\n');
}

/** Expression for a sum of dot products over the vec4 of a head. */
export function dots(headSize: number, left: (c: number) => string, right: (c: number) => string): string {
  return Array.from({ length: headSize / 4 }, (_, c) => `dot(${left(c)}, ${right(c)})`).join(' + ');
}

/** Name of a kernel for a head size and terms. */
export const attentionName = (what: string, headSize: number, terms: AttentionTerms): string =>
  `${what} ${headSize}${terms === 'absolute' ? ', absolute' : ''}`;

/** Expression for a score: its terms, scaled. */
export const scoreOf = (terms: readonly string[]): string =>
  `sizes.scale * (${terms.filter((term) => term !== '').join('\n      + ')})`;

/**
 * WGSL: indices of vectors, whether a piece sees another (padding is hidden from all but itself), the dropout of one probability.
 * Requires `sizes` and the reads above in scope.
 */
export function attentionScoresCode(terms: AttentionTerms): string {
  const relative = ifRelative(terms);
  return `${dropoutCode}
fn rowAt(b: u32, head: u32, i: u32, vectors: u32) -> u32 { return (b * sizes.pieces + i) * sizes.width + head * vectors; }
${relative(`fn positionAt(head: u32, i: u32, j: u32, vectors: u32) -> u32 { return (sizes.pieces + j - i) * sizes.width + head * vectors; }
`)}fn apartBy(i: u32, j: u32) -> u32 { return max(i, j) - min(i, j); }
fn countOf(b: u32) -> u32 { return u32(layoutWords[sizes.countsAt + b]); }
${relative(`fn differ(b: u32, i: u32, j: u32) -> bool { return layoutWords[b * sizes.pieces + i] != layoutWords[b * sizes.pieces + j]; }
`)}fn factorOf(b: u32, head: u32, i: u32, j: u32) -> f32 {
  if (sizes.threshold == 0u) { return 1.0; }
  let element = ((b * sizes.heads + head) * sizes.pieces + i) * sizes.pieces + j;
  return dropped(state[sizes.key], element, sizes.threshold, sizes.keepScale);
}`;
}

/** Multiplications and additions of `products` products of queries with keys. */
export function attentionWork({ sequences, pieces, heads, headSize }: AttentionShape, products: number): number {
  return 2 * products * sequences * heads * headSize * pieces * pieces;
}

// Records attention as one launch forward and one backward, for machines whose own kernels compute a head as a whole.

/** A kernel over attention as a whole; no GPU runs it. */
export function wholeKernel(name: string, buffers: Readonly<Record<string, BufferBinding>>): Kernel {
  return kernelWithoutCode<string, string>({ name, sizes: { ...attentionSizes, headSize: 'u32' }, buffers });
}

function readsOf(terms: AttentionTerms): Readonly<Record<string, BufferBinding>> {
  const inputs = { qkv: reads(), layoutWords: reads('i32'), state: reads('u32') };
  return terms === 'relative' ? { ...inputs, position: reads(), biases: reads() } : inputs;
}

function forwardKernel(terms: AttentionTerms): Kernel {
  const name = terms === 'relative' ? 'whole attention' : 'whole attention, absolute';
  return wholeKernel(name, { ...readsOf(terms), context: writes(), logSumExp: writes() });
}

function backwardKernel(terms: AttentionTerms): Kernel {
  const name = terms === 'relative' ? 'whole attention backward' : 'whole attention backward, absolute';
  const relative = terms === 'relative' ? { dPosition: writes(), dBiases: writes() } : {};
  const saved = { context: reads(), logSumExp: reads(), dContext: reads() };
  return wholeKernel(name, { ...readsOf(terms), ...saved, dQkv: writes(), ...relative });
}

const kernels = {
  relative: { forward: forwardKernel('relative'), backward: backwardKernel('relative') },
  absolute: { forward: forwardKernel('absolute'), backward: backwardKernel('absolute') },
} as const;

export const wholeSizesOf = (shape: AttentionShape) => ({ ...attentionSizesOf(shape), headSize: shape.headSize });

/** As `recordAttention`; padding queries get a context of 0. */
export function recordWholeAttention(
  recorder: Recorder,
  shape: AttentionShape,
  inputs: AttentionInputs,
  out: { readonly context: Region; readonly logSumExp: Region },
): void {
  const terms = termsOf(inputs);
  const regions = { ...attentionRegions(inputs), ...out };
  const work = attentionWork(shape, terms === 'relative' ? 3 : 2);
  recorder.launch(kernels[terms].forward, wholeSizesOf(shape), regions, [1, 1, 1], work);
}

/** As `recordAttentionBackward`. */
export function recordWholeAttentionBackward(
  recorder: Recorder,
  shape: AttentionShape,
  inputs: AttentionInputs,
  saved: { readonly context: Region; readonly logSumExp: Region },
  dContext: Region,
  gradients: {
    readonly qkv: Region;
    readonly relative: { readonly position: Region; readonly biases: Region | null } | null;
  },
): void {
  const terms = termsOf(inputs);
  const { relative } = gradients;
  const regions: Record<string, Region> = { ...attentionRegions(inputs), ...saved, dContext, dQkv: gradients.qkv };
  if (inputs.relative !== null && relative !== null) {
    regions.dPosition = relative.position;
    // Frozen biases get gradients that nothing reads.
    regions.dBiases = relative.biases ?? recorder.temporary('unused bias gradients', inputs.relative.biases.length);
  }
  recorder.launch(kernels[terms].backward, wholeSizesOf(shape), regions, [1, 1, 1], attentionWork(shape, 8));
}
