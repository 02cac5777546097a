// Records one encoder layer, forward and backward; written by hand from the layers of the plain network.
import type { Region } from '../gpu/recorder.ts';
import {
  recordActivation,
  recordActivationBackward,
  recordActivationWithSlope,
  recordTimesSlope,
} from '../kernels/activationKernel.ts';
import { recordColumnSums } from '../kernels/bias.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import {
  recordResidualNorm,
  recordResidualNormBackward,
  recordResidualNormGradients,
} from '../kernels/residualNorm.ts';
import { recordAdapters, recordAdaptersBackward } from './adapterPass.ts';
import { recordAttentionBlock, recordAttentionBlockBackward } from './attentionBlock.ts';
import { biasOf, keepsActivated, type EncoderPass, type LayerSaved, type NormSaved } from './encoderPass.ts';

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
