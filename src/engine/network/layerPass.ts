// Records one encoder layer, forward and backward: attention with XLNet's, BERT's or ModernBERT's positions, residuals and feed-forward.
import { aligned, part, type Region } from '../gpu/recorder.ts';
import {
  recordActivation,
  recordActivationBackward,
  recordActivationWithSlope,
  recordTimesSlope,
} from '../kernels/activationKernel.ts';
import { recordAttention, recordAttentionBackward } from '../kernels/attention/attention.ts';
import type { AttentionInputs } from '../kernels/attention/attentionScores.ts';
import { recordAddBiases, recordColumnSums } from '../kernels/bias.ts';
import { recordRotary } from '../kernels/embedding.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import {
  recordResidualNorm,
  recordResidualNormBackward,
  recordResidualNormGradients,
} from '../kernels/residualNorm.ts';
import { recordLayerDistances, recordLayerDistancesBackward } from './embeddings.ts';
import {
  attentionShape,
  biasOf,
  keepsActivated,
  recordAdapters,
  recordAdaptersBackward,
  type AttentionSaved,
  type EncoderPass,
  type LayerSaved,
  type NormSaved,
  type Projection,
} from './encoderPass.ts';

const siteOf = (block: 'attention' | 'feedForward') => (block === 'attention' ? 'attentionOutput' : 'outer');

/**
 * h'' [R, d] from h [R, d], with the values backward needs; regions that are never read cost no memory. `revisited`: whether a backward pass
 * reads what is saved.
 */
export function recordLayerForward(
  pass: EncoderPass,
  layer: number,
  h: Region,
  revisited: boolean,
): { readonly out: Region; readonly saved: LayerSaved } {
  const { recorder, tuning, config, sites, banks, sequences, pieces, state } = pass;
  const { hiddenSize: d, innerSize: i } = config;
  const rows = sequences * pieces;
  const name = (suffix: string): string => `layer.${layer}.${suffix}`;
  const temporary = (label: string, length: number): Region => recorder.temporary(`${label} of layer ${layer}`, length);
  const product = (a: Region, weight: string, [m, n, l]: readonly [number, number, number], label: string): Region => {
    const out = temporary(label, m * n);
    const shape = { kind: 'nn', rows: m, columns: n, inner: l, into: 'write' } as const;
    recordMatmul(recorder, tuning, shape, { a, b: banks.weight(name(weight)), out });
    return out;
  };
  const norm = (x: Region, residual: Region, block: 'attention' | 'feedForward') => {
    const site = siteOf(block);
    const out = {
      y: temporary(`${block} output`, rows * d),
      sum: temporary(`${block} sum`, rows * d),
      statistics: temporary(`${block} statistics`, rows * 2),
    };
    const biasName = biasOf(pass, block);
    const bias = biasName === null ? null : banks.weight(name(biasName));
    const scaleShift = banks.weights(name(`${block}.norm.scale`), name(`${block}.norm.shift`));
    const shape = { rows, hiddenSize: d, epsilon: config.layerNormEpsilon, rate: sites[site], layer, site } as const;
    recordResidualNorm(recorder, shape, { x, bias, residual, scaleShift, state }, out);
    return out;
  };

  const { projected, saved: attention } = recordAttentionBlock(pass, layer, h);
  const { y: middle, ...attended } = norm(projected, h, 'attention');
  const inner = product(middle, 'feedForward.inner.kernel', [rows, i, d], 'inner');
  const adapters = new Map<string, Region>();
  const narrow = { layer, rows, inner: d, site: 'adapterMiddle', x: middle } as const;
  recordAdapters(pass, narrow, [['feedForward.inner.kernel', inner, i]], adapters);
  const activated = recordActivated(pass, layer, inner, revisited && keepsActivated(pass));
  const outer = product(activated, 'feedForward.outer.kernel', [rows, d, i], 'outer');
  const wide = { layer, rows, inner: i, site: 'adapterActivated', x: activated } as const;
  recordAdapters(pass, wide, [['feedForward.outer.kernel', outer, d]], adapters);
  const { y: out, ...fed } = norm(outer, middle, 'feedForward');
  return { out, saved: { attention, attended, middle, inner, activated, adapters, fed } };
}

/** dropout(activation(inner + bias)) [R, i]; a GPU computes it again in the backward pass instead of storing it. `inner` may become its slope. */
function recordActivated(pass: EncoderPass, layer: number, inner: Region, keepsSlope: boolean): Region {
  const { recorder, banks, state } = pass;
  const out = recorder.temporary(`activated of layer ${layer}`, inner.length);
  const bias = banks.weight(`layer.${layer}.feedForward.inner.bias`);
  const shape = activationShape(pass, layer);
  if (keepsSlope) recordActivationWithSlope(recorder, shape, { bias, state }, { x: inner, out });
  else recordActivation(recorder, shape, { x: inner, bias, state }, { out });
  return out;
}

function activationShape(pass: EncoderPass, layer: number) {
  const { innerSize: columns, activation } = pass.config;
  return { rows: pass.sequences * pass.pieces, columns, activation, rate: pass.sites.inner, layer };
}

/**
 * From dOut [R, d] the gradient with respect to the layer's input h [R, d], or null if `wantsInput` is false. Gradients of frozen
 * parameters are not computed.
 */
export function recordLayerBackward(
  pass: EncoderPass,
  layer: number,
  h: Region,
  saved: LayerSaved,
  dOut: Region,
  wantsInput: boolean,
): Region | null {
  const { recorder, tuning, config, sites, banks, state } = pass;
  const { hiddenSize: d, innerSize: i } = config;
  const rows = pass.sequences * pass.pieces;
  const name = (suffix: string): string => `layer.${layer}.${suffix}`;
  const temporary = (label: string, length: number): Region =>
    recorder.temporary(`d ${label} of layer ${layer}`, length);
  /** dA [R, l] (+)= dY [R, n] · Wᵀ. */
  const throughWeight = (
    dY: Region,
    weight: string,
    l: number,
    n: number,
    out: Region,
    into: 'write' | 'add',
  ): Region => {
    const shape = { kind: 'nt', rows, columns: l, inner: n, into } as const;
    recordMatmul(recorder, tuning, shape, { a: dY, b: banks.weight(name(weight)), out });
    return out;
  };
  /** dW [l, n] = Aᵀ · dY over `length` rows. */
  const weightGradient = (
    a: Region,
    dY: Region,
    weight: string,
    [l, n, length]: readonly [number, number, number],
  ): void => {
    const out = banks.gradient(name(weight));
    if (out === null) return;
    const shape = { kind: 'tn', rows: l, columns: n, inner: length, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a, b: dY, out, state });
  };
  /** Backward through a residual block's norm and dropout: gradients of the sum, and of the dropout's input. */
  const normBackward = (dY: Region, block: 'attention' | 'feedForward', { sum, statistics }: NormSaved) => {
    const site = siteOf(block);
    const shape = { rows, hiddenSize: d, epsilon: config.layerNormEpsilon, rate: sites[site], layer, site } as const;
    const dSum = temporary(`${block} sum`, rows * d);
    const dropped = sites[site] > 0 ? temporary(`${block}`, rows * d) : null;
    const scale = banks.weight(name(`${block}.norm.scale`));
    recordResidualNormBackward(recorder, shape, { dY, sum, statistics, scale, state }, { dSum, dX: dropped });
    const dX = dropped ?? dSum;
    const bias = biasOf(pass, block);
    const gradient = banks.gradients(name(bias ?? `${block}.norm.scale`), name(`${block}.norm.shift`));
    if (gradient !== null) {
      const inputs = { dY, sum, statistics, dX: bias === null ? null : dX, state };
      recordResidualNormGradients(recorder, { rows, hiddenSize: d }, inputs, { gradient });
    }
    return { dSum, dX };
  };

  const fed = normBackward(dOut, 'feedForward', saved.fed);
  const isAdapted = saved.adapters.has('feedForward.outer.kernel');
  const again = !keepsActivated(pass) && (isAdapted || banks.gradient(name('feedForward.outer.kernel')) !== null);
  const activated = again ? recordActivated(pass, layer, saved.inner, false) : saved.activated;
  weightGradient(activated, fed.dX, 'feedForward.outer.kernel', [i, d, rows]);
  const dInner = throughWeight(fed.dX, 'feedForward.outer.kernel', i, d, temporary('inner', rows * i), 'write');
  const wide = { layer, rows, inner: i, site: 'adapterActivated', x: activated } as const;
  recordAdaptersBackward(pass, wide, saved.adapters, [['feedForward.outer.kernel', fed.dX, d]], dInner);
  if (keepsActivated(pass)) recordTimesSlope(recorder, { slope: saved.inner }, { dOut: dInner });
  else {
    const inputs = { x: saved.inner, bias: banks.weight(name('feedForward.inner.bias')), state };
    recordActivationBackward(recorder, activationShape(pass, layer), inputs, { dOut: dInner });
  }
  const dBias = banks.gradient(name('feedForward.inner.bias'));
  if (dBias !== null) recordColumnSums(recorder, { rows, columns: i }, { x: dInner, state }, { gradient: dBias });
  weightGradient(saved.middle, dInner, 'feedForward.inner.kernel', [d, i, rows]);
  const dMiddle = throughWeight(dInner, 'feedForward.inner.kernel', d, i, fed.dSum, 'add');
  const narrow = { layer, rows, inner: d, site: 'adapterMiddle', x: saved.middle } as const;
  recordAdaptersBackward(pass, narrow, saved.adapters, [['feedForward.inner.kernel', dInner, i]], dMiddle);

  const attended = normBackward(dMiddle, 'attention', saved.attended);
  recordAttentionBlockBackward(pass, layer, h, saved.attention, attended.dX, wantsInput ? attended.dSum : null);
  return wantsInput ? attended.dSum : null;
}

// Records the attention block of a layer, up to its residual: with XLNet's relative terms, BERT's biases or ModernBERT's turned queries and keys.

/** Words between the matrices of queries, keys and values, between their weights, and between their biases. */
function threefold({ sequences, pieces, config: { hiddenSize: d } }: EncoderPass) {
  return { rows: aligned(sequences * pieces * d), weights: aligned(d ** 2), biases: aligned(d) };
}

const nameIn =
  (layer: number) =>
  (suffix: string): string =>
    `layer.${layer}.attention.${suffix}`;

const ADAPTED = ['attention.query', 'attention.key', 'attention.value'] as const;

/** Queries, keys and values, or their gradients, as projections of the same rows. */
function projections(pass: EncoderPass, qkv: Region): readonly Projection[] {
  const { rows: stride } = threefold(pass);
  const d = pass.config.hiddenSize;
  return ADAPTED.map((suffix, at) => [suffix, part(qkv, at * stride, pass.sequences * pass.pieces * d), d]);
}

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
  const read = { layer, rows, inner: d } as const;
  const adapters = new Map<string, Region>();
  recordAdapters(pass, { ...read, site: 'adapterInput', x: h }, projections(pass, qkv), adapters);
  if (design.isBiased) {
    const biases = banks.weights(name('query.bias'), name('value.bias'));
    const shape = { rows, columns: d, batch: 3, strides: { bias: stride.biases, x: stride.rows } };
    recordAddBiases(recorder, shape, { biases }, { x: qkv });
  }
  recordTurns(pass, layer, qkv, 'forwards');
  const distances = pass.distances && recordLayerDistances(pass, layer, pass.distances);
  const positionKeys = (x: Region): Region => {
    const keys = product(x, 'position', 2 * pieces, 'position keys');
    const of = { layer, rows: 2 * pieces, inner: d, site: 'adapterPosition', x } as const;
    recordAdapters(pass, of, [['attention.position', keys, d]], adapters);
    return keys;
  };
  const inputs: AttentionInputs = {
    ...(distances === null ? {} : { distances: distances.rows }),
    qkv,
    layoutWords,
    state,
    relative: positions && {
      position: positionKeys(positions),
      biases: banks.weights(name('contentBias'), name('segmentEmbedding')),
    },
  };
  const context = temporary('context', rows * d);
  const logSumExp = temporary('log-sum-exp', sequences * heads * pieces);
  recordAttention(recorder, pass.attention, attentionShape(pass, layer), inputs, { context, logSumExp });
  const projected = product(context, 'output', rows, 'attention');
  const last = { ...read, site: 'adapterContext', x: context } as const;
  recordAdapters(pass, last, [['attention.output', projected, d]], adapters);
  return { projected, saved: { inputs, distances, adapters, context, logSumExp } };
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
  const read = { layer, rows, inner: d } as const;
  const last = { ...read, site: 'adapterContext', x: saved.context } as const;
  recordAdaptersBackward(pass, last, saved.adapters, [['attention.output', dProjected, d]], dContext);
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
  if (dInput !== null) {
    const strides = { a: stride.rows, b: stride.weights, out: 0 };
    const back = { kind: 'nt', rows, columns: d, inner: d, batch: 3, strides, sum: true, into } as const;
    recordMatmul(recorder, tuning, back, { a: qkv, b: banks.weights(name('query'), name('value')), out: dInput });
  }
  const first = { ...read, site: 'adapterInput', x: h } as const;
  recordAdaptersBackward(pass, first, saved.adapters, projections(pass, qkv), dInput);
  // Adds to gradients that the rows above have written.
  if (pass.distances !== null && saved.distances !== null && dDistances !== undefined) {
    recordLayerDistancesBackward(pass, layer, pass.distances, saved.distances, dDistances);
  }
  if (positions === null || relative === null) return;
  weightGradient(positions, relative.position, 'position', 2 * pieces);
  const of = { layer, rows: 2 * pieces, inner: d, site: 'adapterPosition', x: positions } as const;
  recordAdaptersBackward(pass, of, saved.adapters, [['attention.position', relative.position, d]], null);
}
