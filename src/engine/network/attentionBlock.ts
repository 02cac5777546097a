// Records the attention block of a layer, up to its residual: with XLNet's relative terms, BERT's biases or ModernBERT's turned queries and keys.
import { aligned, type Region } from '../gpu/recorder.ts';
import { recordAttention, recordAttentionBackward } from '../kernels/attention/attention.ts';
import type { AttentionInputs } from '../kernels/attention/attentionScores.ts';
import { recordAddBiases, recordColumnSums } from '../kernels/bias.ts';
import { recordRotary } from '../kernels/rotary.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import { recordLayerDistances, recordLayerDistancesBackward } from './distanceTable.ts';
import { attentionShape, type AttentionSaved, type EncoderPass } from './encoderPass.ts';

/** Words between the matrices of queries, keys and values, between their weights, and between their biases. */
function threefold({ sequences, pieces, config: { hiddenSize: d } }: EncoderPass) {
  return { rows: aligned(sequences * pieces * d), weights: aligned(d ** 2), biases: aligned(d) };
}

const nameIn =
  (layer: number) =>
  (suffix: string): string =>
    `layer.${layer}.attention.${suffix}`;

/** The context's projection [R, d], without its bias, from h [R, d]; also returns what backward needs besides h. */
export function recordAttentionBlock(
  pass: EncoderPass,
  layer: number,
  h: Region,
): { readonly projected: Region; readonly saved: AttentionSaved } {
  const { recorder, tuning, config, design, banks, sequences, pieces, state, layoutWords, positions } = pass;
  const { hiddenSize: d, heads } = config;
  const rows = sequences * pieces;
  const name = nameIn(layer);
  const temporary = (label: string, length: number): Region => recorder.temporary(`${label} of layer ${layer}`, length);
  const product = (a: Region, weight: string, m: number, label: string): Region => {
    const out = temporary(label, m * d);
    const shape = { kind: 'nn', rows: m, columns: d, inner: d, into: 'write' } as const;
    recordMatmul(recorder, tuning, shape, { a, b: banks.weight(name(weight)), out });
    return out;
  };

  const stride = threefold(pass);
  const qkv = temporary('queries, keys and values', 3 * stride.rows);
  const strides = { a: 0, b: stride.weights, out: stride.rows };
  const shape = { kind: 'nn', rows, columns: d, inner: d, batch: 3, strides, into: 'write' } as const;
  recordMatmul(recorder, tuning, shape, { a: h, b: banks.weights(name('query'), name('value')), out: qkv });
  if (design.isBiased) {
    const biases = banks.weights(name('query.bias'), name('value.bias'));
    const shape = { rows, columns: d, batch: 3, strides: { bias: stride.biases, x: stride.rows } };
    recordAddBiases(recorder, shape, { biases }, { x: qkv });
  }
  recordTurns(pass, layer, qkv, 'forwards');
  const distances = pass.distances && recordLayerDistances(pass, layer, pass.distances);
  const inputs: AttentionInputs = {
    ...(distances === null ? {} : { distances: distances.rows }),
    qkv,
    layoutWords,
    state,
    relative: positions && {
      position: product(positions, 'position', 2 * pieces, 'position keys'),
      biases: banks.weights(name('contentBias'), name('segmentEmbedding')),
    },
  };
  const context = temporary('context', rows * d);
  const logSumExp = temporary('log-sum-exp', sequences * heads * pieces);
  recordAttention(recorder, pass.attention, attentionShape(pass, layer), inputs, { context, logSumExp });
  return { projected: product(context, 'output', rows, 'attention'), saved: { inputs, distances, context, logSumExp } };
}

/** Turns queries and keys by their position, or their gradients back, in place. */
function recordTurns(
  { recorder, config, design, sequences, pieces, angles }: EncoderPass,
  layer: number,
  qkv: Region,
  direction: 'forwards' | 'backwards',
): void {
  if (angles === null || design.rotary === null) return;
  const { heads, headSize } = config;
  const kind = design.rotary.window(layer) === null ? 0 : 1;
  recordRotary(recorder, { sequences, pieces, heads, headSize, kind, direction }, { angles }, { qkv });
}

/**
 * Gradients of the block's parameters from dProjected [R, d]; the gradient of its input h is added to `dInput`, or written, unless null.
 * Gradients of frozen parameters are not computed; the output's bias is left to the residual's norm.
 */
export function recordAttentionBlockBackward(
  pass: EncoderPass,
  layer: number,
  h: Region,
  saved: AttentionSaved,
  dProjected: Region,
  dInput: Region | null,
  into: 'add' | 'write' = 'add',
): void {
  const { recorder, tuning, config, design, banks, sequences, pieces, state, positions } = pass;
  const { hiddenSize: d } = config;
  const rows = sequences * pieces;
  const name = nameIn(layer);
  const temporary = (label: string, length: number): Region =>
    recorder.temporary(`d ${label} of layer ${layer}`, length);
  /** dW [d, d] = Aᵀ · dY over `length` rows. */
  const weightGradient = (a: Region, dY: Region, weight: string, length: number): void => {
    const out = banks.gradient(name(weight));
    if (out === null) return;
    const shape = { kind: 'tn', rows: d, columns: d, inner: length, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a, b: dY, out, state });
  };

  weightGradient(saved.context, dProjected, 'output', rows);
  const dContext = temporary('context', rows * d);
  const through = { kind: 'nt', rows, columns: d, inner: d, into: 'write' } as const;
  recordMatmul(recorder, tuning, through, { a: dProjected, b: banks.weight(name('output')), out: dContext });
  const stride = threefold(pass);
  const qkv = temporary('queries, keys and values', 3 * stride.rows);
  const relative = positions && {
    position: temporary('position keys', 2 * pieces * d),
    biases: banks.gradients(name('contentBias'), name('segmentEmbedding')),
  };
  const dDistances = saved.inputs.distances && temporary('distances', saved.inputs.distances.length);
  const gradients = { qkv, relative, ...(dDistances === undefined ? {} : { distances: dDistances }) };
  const shape = attentionShape(pass, layer);
  recordAttentionBackward(recorder, pass.attention, shape, saved.inputs, saved, dContext, gradients);
  recordTurns(pass, layer, qkv, 'backwards');
  const out = banks.gradients(name('query'), name('value'));
  if (out !== null) {
    const strides = { a: 0, b: stride.rows, out: stride.weights };
    const shape = { kind: 'tn', rows: d, columns: d, inner: rows, batch: 3, strides, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a: h, b: qkv, out, state });
  }
  if (design.isBiased) {
    const gradient = banks.gradients(name('query.bias'), name('value.bias'));
    const shape = { rows, columns: d, batch: 3, strides: { x: stride.rows, gradient: stride.biases } };
    if (gradient !== null) recordColumnSums(recorder, shape, { x: qkv, state }, { gradient });
  }
  if (pass.distances !== null && saved.distances !== null && dDistances !== undefined) {
    recordLayerDistancesBackward(pass, layer, pass.distances, saved.distances, dDistances);
  }
  if (positions !== null && relative !== null) weightGradient(positions, relative.position, 'position', 2 * pieces);
  if (dInput === null) return;
  const strides = { a: stride.rows, b: stride.weights, out: 0 };
  const back = { kind: 'nt', rows, columns: d, inner: d, batch: 3, strides, sum: true, into } as const;
  recordMatmul(recorder, tuning, back, { a: qkv, b: banks.weights(name('query'), name('value')), out: dInput });
}
