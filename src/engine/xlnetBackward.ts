// One XLNet layer backward as launches: gradients of its parameters and of its input.
import { recordActivationBackward } from './kernels/activation.ts';
import { recordAttentionBackward } from './kernels/attentionBackward.ts';
import { recordColumnSums } from './kernels/columnSums.ts';
import { recordMatmul } from './kernels/matmul.ts';
import { recordResidualNormBackward, recordResidualNormGradients } from './kernels/residualNormBackward.ts';
import type { Region } from './recorder.ts';
import type { LayerSaved, Pass } from './xlnetForward.ts';
import { activationShape, attentionShape, recordActivated, threefold } from './xlnetForward.ts';

/**
 * From dOut [R, d] the gradient with respect to the layer's input h [R, d], or null when `wantsInput` is false. Gradients of frozen
 * parameters are not computed.
 */
export function recordXlnetBackward(
  pass: Pass,
  layer: number,
  h: Region,
  saved: LayerSaved,
  dOut: Region,
  wantsInput: boolean,
): Region | null {
  const { recorder, tuning, config, rates, banks, sequences, pieces, state } = pass;
  const { hiddenSize: d, innerSize: i } = config;
  const rows = sequences * pieces;
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
  /** Back through a residual block's norm and dropout: gradients of the sum, and of what was dropped out of. */
  const normBackward = (dY: Region, block: 'attention' | 'feedForward', { sum, statistics }: LayerSaved['fed']) => {
    const site = block === 'attention' ? 'attentionOutput' : 'outer';
    const shape = { rows, hiddenSize: d, epsilon: config.layerNormEpsilon, rate: rates.encoder, layer, site } as const;
    const dSum = temporary(`${block} sum`, rows * d);
    const dropped = rates.encoder > 0 ? temporary(`${block}`, rows * d) : null;
    const scale = banks.weight(name(`${block}.norm.scale`));
    recordResidualNormBackward(recorder, shape, { dY, sum, statistics, scale, state }, { dSum, dX: dropped });
    const dX = dropped ?? dSum;
    const first = block === 'attention' ? 'attention.norm.scale' : 'feedForward.outer.bias';
    const gradient = banks.gradients(name(first), name(`${block}.norm.shift`));
    if (gradient !== null) {
      const biased = block === 'attention' ? null : dX;
      const inputs = { dY, sum, statistics, dX: biased, state };
      recordResidualNormGradients(recorder, { rows, hiddenSize: d }, inputs, { gradient });
    }
    return { dSum, dX };
  };

  const fed = normBackward(dOut, 'feedForward', saved.fed);
  if (banks.gradient(name('feedForward.outer.kernel')) !== null) {
    weightGradient(recordActivated(pass, layer, saved.inner), fed.dX, 'feedForward.outer.kernel', [i, d, rows]);
  }
  const dInner = throughWeight(fed.dX, 'feedForward.outer.kernel', i, d, temporary('inner', rows * i), 'write');
  const bias = banks.weight(name('feedForward.inner.bias'));
  recordActivationBackward(recorder, activationShape(pass, layer), { x: saved.inner, bias, state }, { dOut: dInner });
  const dBias = banks.gradient(name('feedForward.inner.bias'));
  if (dBias !== null) recordColumnSums(recorder, { rows, columns: i }, { x: dInner, state }, { gradient: dBias });
  weightGradient(saved.middle, dInner, 'feedForward.inner.kernel', [d, i, rows]);
  const dMiddle = throughWeight(dInner, 'feedForward.inner.kernel', d, i, fed.dSum, 'add');

  const attended = normBackward(dMiddle, 'attention', saved.attended);
  weightGradient(saved.context, attended.dX, 'attention.output', [d, d, rows]);
  const dContext = throughWeight(attended.dX, 'attention.output', d, d, temporary('context', rows * d), 'write');
  const stride = threefold(pass);
  const threes = temporary('queries, keys and values', 3 * stride.rows);
  const dPosition = temporary('position keys', 2 * pieces * d);
  recordAttentionBackward(recorder, pass.attention, attentionShape(pass, layer), saved.attention, saved, dContext, {
    threes,
    position: dPosition,
    biases: banks.gradients(name('attention.contentBias'), name('attention.segmentEmbedding')),
  });
  const out = banks.gradients(name('attention.query'), name('attention.value'));
  if (out !== null) {
    const strides = { a: 0, b: stride.rows, out: stride.weights };
    const shape = { kind: 'tn', rows: d, columns: d, inner: rows, batch: 3, strides, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a: h, b: threes, out, state });
  }
  weightGradient(pass.positions, dPosition, 'attention.position', [d, d, 2 * pieces]);
  if (!wantsInput) return null;
  const strides = { a: stride.rows, b: stride.weights, out: 0 };
  const shape = { kind: 'nt', rows, columns: d, inner: d, batch: 3, strides, sum: true, into: 'add' } as const;
  const weights = banks.weights(name('attention.query'), name('attention.value'));
  recordMatmul(recorder, tuning, shape, { a: threes, b: weights, out: attended.dSum });
  return attended.dSum;
}
