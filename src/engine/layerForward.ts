// One encoder layer forward as launches, told again by hand (model/xlnet/layer.ts and model/bert/layer.ts are the truth).
import { recordAttentionBlock } from './attentionBlock.ts';
import type { EncoderPass, LayerSaved } from './encoderPass.ts';
import { biasOf, xlnetRate } from './encoderPass.ts';
import { recordActivation } from './kernels/activation.ts';
import { recordMatmul } from './kernels/matmul.ts';
import { recordResidualNorm } from './kernels/residualNorm.ts';
import type { Region } from './recorder.ts';

/** h'' [R, d] from h [R, d], with what backward needs; regions that nobody reads later cost no memory. */
export function recordLayerForward(
  pass: EncoderPass,
  layer: number,
  h: Region,
): { readonly out: Region; readonly saved: LayerSaved } {
  const { recorder, tuning, config, rates, banks, sequences, pieces, state } = pass;
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
    const site = block === 'attention' ? 'attentionOutput' : 'outer';
    const out = {
      y: temporary(`${block} output`, rows * d),
      sum: temporary(`${block} sum`, rows * d),
      statistics: temporary(`${block} statistics`, rows * 2),
    };
    const biasName = biasOf(pass, block);
    const bias = biasName === null ? null : banks.weight(name(biasName));
    const scaleShift = banks.weights(name(`${block}.norm.scale`), name(`${block}.norm.shift`));
    const shape = { rows, hiddenSize: d, epsilon: config.layerNormEpsilon, rate: rates.encoder, layer, site } as const;
    recordResidualNorm(recorder, shape, { x, bias, residual, scaleShift, state }, out);
    return out;
  };

  const { projected, saved: attention } = recordAttentionBlock(pass, layer, h);
  const { y: middle, ...attended } = norm(projected, h, 'attention');
  const inner = product(middle, 'feedForward.inner.kernel', [rows, i, d], 'inner');
  const outer = product(recordActivated(pass, layer, inner), 'feedForward.outer.kernel', [rows, d, i], 'outer');
  const { y: out, ...fed } = norm(outer, middle, 'feedForward');
  return { out, saved: { attention, attended, middle, inner, fed } };
}

/** dropout(activation(inner + bias)) [R, i]; made again in the backward pass instead of kept. */
export function recordActivated(pass: EncoderPass, layer: number, inner: Region): Region {
  const { recorder, banks, state } = pass;
  const out = recorder.temporary(`activated of layer ${layer}`, inner.length);
  const bias = banks.weight(`layer.${layer}.feedForward.inner.bias`);
  recordActivation(recorder, activationShape(pass, layer), { x: inner, bias, state }, { out });
  return out;
}

export function activationShape(pass: EncoderPass, layer: number) {
  const { innerSize: columns, activation } = pass.config;
  return { rows: pass.sequences * pass.pieces, columns, activation, rate: xlnetRate(pass), layer };
}
