// Records the layers of a small encoder in few launches: between two attentions all that happens to a row is one launch.
import { aligned, part, type Region } from '../gpu/recorder.ts';
import { recordAttention } from '../kernels/attention/attention.ts';
import { mergedPlaces, recordMergedAttentionBackward } from '../kernels/attention/attentionMerged.ts';
import type { AttentionInputs, TiledFamily } from '../kernels/attention/attentionScores.ts';
import { recordMatmul, recordMatmulSum } from '../kernels/matmul/matmul.ts';
import { recordLayerGradients } from '../kernels/rows/layerGradients.ts';
import { rowBlockOf, type RowBlock } from '../kernels/rows/rowBlocks.ts';
import { recordRowsBackward, workPlaces } from '../kernels/rows/rowsBackward.ts';
import {
  recordRowsForward,
  savedParts,
  savedPlaces,
  type LayerPlaces,
  type RowsNext,
  type RowsShape,
} from '../kernels/rows/rowsForward.ts';
import { attentionShape, type EncoderPass } from './encoderPass.ts';
import type { Bank, ParameterBanks } from './parameterBanks.ts';

/** What a layer leaves for its backward pass. */
interface RowsLayer {
  readonly h: Region;
  readonly qkv: Region;
  readonly inputs: AttentionInputs;
  readonly saved: Region;
}

export interface RowsEncoder {
  /** The encoder's output [R, d]. */
  readonly out: Region;
  /**
   * Records the gradients of the layers from `lowest` on from that of `out`; returns the gradient of layer `lowest`'s input, or null if
   * nothing below it is trained.
   */
  readonly backward: (dOut: Region, lowest: number) => Region | null;
}

/** Null where layers are recorded product by product: on other machines, for wide encoders, those with norms before blocks and those with adapters, and where layers are recomputed. */
export function rowBlockFor({
  config,
  design,
  blocks,
}: Pick<EncoderPass, 'config' | 'design' | 'blocks'>): RowBlock | null {
  return blocks === 'rows' && config.adapters === undefined && design.norms === 'after' && design.disentangled === null
    ? rowBlockOf(config)
    : null;
}

/** Records all layers forward from `embedded` [R, d]. */
export function recordRows(pass: EncoderPass, block: RowBlock, embedded: Region): RowsEncoder {
  const { recorder, config, banks, sequences, pieces, state, layoutWords } = pass;
  const { layers, hiddenSize: d, heads } = config;
  const rows = sequences * pieces;
  const queries = sequences * heads * pieces;
  const keys = recordPositionKeys(pass);
  const nextOf = (layer: number): RowsNext => ({
    ...bankOf(banks, layer),
    qkv: recorder.temporary(`queries, keys and values of layer ${layer}`, 3 * aligned(rows * d)),
  });
  let h = embedded;
  let next: RowsNext | null = nextOf(0);
  recordRowsForward(recorder, rowsShape(pass, block, 0), h, null, next);
  const passed: RowsLayer[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const { qkv } = next as RowsNext;
    const shape = rowsShape(pass, block, layer);
    const saved = recorder.temporary(`saved values of layer ${layer}`, savedPlaces(shape, queries).length);
    const name = (suffix: string): string => `layer.${layer}.attention.${suffix}`;
    const relative = keys && {
      position: keys(layer),
      biases: banks.weights(name('contentBias'), name('segmentEmbedding')),
    };
    const inputs = { qkv, layoutWords, state, relative };
    recordAttention(
      recorder,
      tiledFamily(pass),
      attentionShape(pass, layer),
      inputs,
      savedParts(shape, saved, queries),
    );
    passed.push({ h, qkv, inputs, saved });
    next = layer + 1 < layers ? nextOf(layer + 1) : null;
    const out = recorder.temporary(`output of layer ${layer}`, rows * d);
    recordRowsForward(recorder, shape, h, { ...bankOf(banks, layer), state, saved, out }, next);
    h = out;
  }
  return { out: h, backward: (dOut, lowest) => recordRowsBack(pass, block, passed, dOut, lowest) };
}

function recordRowsBack(
  pass: EncoderPass,
  block: RowBlock,
  passed: readonly RowsLayer[],
  dOut: Region,
  lowest: number,
): Region | null {
  const { recorder, tuning, config, banks, sequences, pieces, state } = pass;
  const { layers, hiddenSize: d, heads } = config;
  const rows = sequences * pieces;
  const queries = sequences * heads * pieces;
  const stride = aligned(rows * d);
  const first = Math.max(0, lowest);
  const terms = pass.positions === null ? 'absolute' : 'relative';
  const merged = mergedPlaces({ sequences, pieces, heads, headSize: config.headSize }, terms, layers - first);
  const gradients = recorder.temporary('gradients of attention', merged.length);
  let dH: Region | null = dOut;
  for (let layer = layers - 1; layer >= first && dH !== null; layer--) {
    const { h, qkv, inputs, saved } = passed[layer] as RowsLayer;
    const shape = rowsShape(pass, block, layer);
    const own = workPlaces(shape, queries);
    const work = recorder.temporary(`d values of layer ${layer}`, own.length);
    const attention = attentionShape(pass, layer);
    const { logSumExp } = savedParts(shape, saved, queries);
    const { weights, places } = bankOf(banks, layer);
    const read = { dOut: dH, saved, qkv, logSumExp, weights, places, state, terms } as const;
    recordRowsBackward(recorder, shape, attention, read, { work });
    const back = { dContext: part(work, own.dContext, rows * d), statistics: part(work, own.statistics, 4 * queries) };
    recordMergedAttentionBackward(
      recorder,
      tiledFamily(pass),
      { ...attention, share: layer - first },
      inputs,
      back,
      gradients,
      merged,
    );
    const gradient = banks.bankOf(`layer.${layer}.attention.query`).trained?.gradient;
    if (gradient !== undefined) {
      const biases = inputs.relative?.biases ?? null;
      const given = { h, saved, work, dQkv: gradients, merged, qkv, biases, places, state };
      recordLayerGradients(recorder, shape, attention, given, { gradient });
    }
    dH = layer > lowest ? part(work, own.dSum, rows * d) : null;
    if (dH === null) break;
    const name = (suffix: string): string => `layer.${layer}.attention.${suffix}`;
    const strides = { a: stride, b: aligned(d ** 2), out: 0 };
    const product = { kind: 'nt', rows, columns: d, inner: d, batch: 3, strides, sum: true, into: 'add' } as const;
    const a = part(gradients, 0, 3 * stride);
    recordMatmul(recorder, tuning, product, { a, b: banks.weights(name('query'), name('value')), out: dH });
  }
  if (pass.positions !== null) recordPositionGradients(pass, first, gradients, merged, pass.positions);
  return dH;
}

/** Layers are recorded row by row only with tiles. */
function tiledFamily({ attention }: EncoderPass): TiledFamily {
  return attention === 'tiled f16' ? attention : 'tiled';
}

function rowsShape(pass: EncoderPass, block: RowBlock, layer: number): RowsShape {
  const { config, design, sites, sequences, pieces } = pass;
  return {
    block,
    rows: sequences * pieces,
    activation: config.activation,
    epsilon: config.layerNormEpsilon,
    layer,
    rate: sites.outer,
    innerRate: sites.inner,
    biased: design.isBiased,
  };
}

function bankOf(banks: ParameterBanks, layer: number): { readonly weights: Region; readonly places: LayerPlaces } {
  const bank = banks.bankOf(`layer.${layer}.attention.query`);
  const place = (suffix: string): number => banks.offsetInBank(`layer.${layer}.${suffix}`);
  return { weights: bank.parameter, places: { place } };
}

/** Consecutive layers whose banks share a buffer, so that a tensor of theirs is a batch of matrices. */
function runsOf(
  banks: ParameterBanks,
  layers: readonly number[],
  of: (bank: Bank) => Region | undefined,
): readonly { readonly layers: readonly number[]; readonly whole: Region; readonly stride: number }[] {
  const runs: { layers: number[]; whole: Region; stride: number }[] = [];
  for (const layer of layers) {
    const bank = banks.bankOf(`layer.${layer}.attention.query`);
    const region = of(bank);
    if (region === undefined) continue;
    const run = runs.at(-1);
    if (run !== undefined && run.whole.buffer === region.buffer) {
      run.layers.push(layer);
      run.whole = { ...run.whole, length: region.offset + region.length - run.whole.offset };
    } else runs.push({ layers: [layer], whole: region, stride: bank.length });
  }
  return runs;
}

const layersFrom = (first: number, end: number): readonly number[] =>
  Array.from({ length: end - first }, (_, at) => first + at);

/** Position keys [2T, d] of every layer, in one launch where the layers share a buffer; null if attention has no relative terms. */
function recordPositionKeys(pass: EncoderPass): ((layer: number) => Region) | null {
  const { recorder, tuning, config, banks, pieces, positions } = pass;
  if (positions === null) return null;
  const { layers, hiddenSize: d } = config;
  const length = aligned(2 * pieces * d);
  const keys = recorder.temporary('position keys', layers * length);
  for (const { layers: own, whole, stride } of runsOf(banks, layersFrom(0, layers), ({ parameter }) => parameter)) {
    const first = own[0] as number;
    const start = banks.offsetInBank(`layer.${first}.attention.position`);
    const strides = { a: 0, b: stride, out: length };
    const shape = { rows: 2 * pieces, columns: d, inner: d, batch: own.length, strides } as const;
    const b = part(whole, start, (own.length - 1) * stride + d ** 2);
    const out = part(keys, first * length, own.length * length);
    recordMatmul(recorder, tuning, { ...shape, kind: 'nn', into: 'write' }, { a: positions, b, out });
  }
  return (layer) => part(keys, layer * length, 2 * pieces * d);
}

/** Gradients of the weights of position keys, of all layers from `first` on. */
function recordPositionGradients(
  pass: EncoderPass,
  first: number,
  gradients: Region,
  { shares, shareCount }: ReturnType<typeof mergedPlaces>,
  positions: Region,
): void {
  const { recorder, tuning, config, banks, pieces, state } = pass;
  const { layers, hiddenSize: d } = config;
  const length = 2 * pieces * d;
  const count = layers - first;
  const stride = aligned(length);
  const sums = recorder.temporary('d position keys', count * stride);
  const sizes = { length, splits: shareCount, outputs: count, strideOut: stride };
  const parts = part(gradients, shares, count * shareCount * length);
  recordMatmulSum(recorder, sizes, 'write', true, { parts, out: sums });
  for (const run of runsOf(banks, layersFrom(first, layers), ({ trained }) => trained?.gradient)) {
    const lowest = run.layers[0] as number;
    const start = banks.offsetInBank(`layer.${lowest}.attention.position`);
    const strides = { a: 0, b: stride, out: run.stride };
    const batch = run.layers.length;
    const shape = { rows: d, columns: d, inner: 2 * pieces, batch, strides } as const;
    const b = part(sums, (lowest - first) * stride, batch * stride);
    const out = part(run.whole, start, (batch - 1) * run.stride + d ** 2);
    recordMatmul(recorder, tuning, { ...shape, kind: 'tn', into: 'gradient' }, { a: positions, b, out, state });
  }
}
