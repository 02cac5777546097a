// One XLNet layer forward as launches, told again by hand (model/xlnet/layer.ts is the truth).
import type { DropoutRates } from '../model/dropout.ts';
import type { XlnetConfig } from '../model/xlnet/xlnetConfig.ts';
import type { BatchInputs } from './batchInputs.ts';
import { recordActivation } from './kernels/activation.ts';
import { recordAttention } from './kernels/attention.ts';
import type { AttentionFamily, AttentionInputs, AttentionShape } from './kernels/attentionScores.ts';
import type { MatmulTuning } from './kernels/matmulTuning.ts';
import { recordMatmul } from './kernels/matmul.ts';
import { recordResidualNorm } from './kernels/residualNorm.ts';
import type { ParameterBanks } from './parameterBanks.ts';
import type { Recorder, Region } from './recorder.ts';
import { aligned } from './recorder.ts';

/** All that recording a pass over the encoder needs; R = B*T rows. */
export interface Pass {
  readonly recorder: Recorder;
  readonly tuning: MatmulTuning;
  readonly attention: AttentionFamily;
  readonly config: XlnetConfig;
  readonly rates: DropoutRates;
  readonly banks: ParameterBanks;
  readonly sequences: number;
  readonly pieces: number;
  readonly inputs: BatchInputs['sections'];
  readonly state: Region;
  /** Sinusoids of relative distances with their dropout, [2T, d]. */
  readonly positions: Region;
  /** Segment ids, then piece counts. */
  readonly layoutWords: Region;
}

/** What the backward pass of a layer reads beside the layer's input. */
export interface LayerSaved {
  readonly attention: AttentionInputs;
  readonly context: Region; // [R, d]
  readonly logSumExp: Region; // [B, H, T]
  readonly attended: { readonly sum: Region; readonly statistics: Region }; // [R, d], [R, 2]
  readonly middle: Region; // [R, d]
  readonly inner: Region; // [R, i] before bias and activation
  readonly fed: { readonly sum: Region; readonly statistics: Region };
}

/** Words between the three matrices of queries, keys and values, and between their weights. */
export function threefold({ sequences, pieces, config }: Pass): { readonly rows: number; readonly weights: number } {
  return { rows: aligned(sequences * pieces * config.hiddenSize), weights: aligned(config.hiddenSize ** 2) };
}

export function attentionShape({ sequences, pieces, config, rates }: Pass, layer: number): AttentionShape {
  const { heads, headSize } = config;
  return { sequences, pieces, heads, headSize, layer, rate: rates.attention };
}

/** h'' [R, d] from h [R, d], with what backward needs; regions that nobody reads later cost no memory. */
export function recordXlnetForward(
  pass: Pass,
  layer: number,
  h: Region,
): { readonly out: Region; readonly saved: LayerSaved } {
  const { recorder, tuning, config, rates, banks, sequences, pieces, state } = pass;
  const { hiddenSize: d, innerSize: i, heads } = config;
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
    const bias = block === 'attention' ? null : banks.weight(name('feedForward.outer.bias'));
    const scaleShift = banks.weights(name(`${block}.norm.scale`), name(`${block}.norm.shift`));
    const shape = { rows, hiddenSize: d, epsilon: config.layerNormEpsilon, rate: rates.encoder, layer, site } as const;
    recordResidualNorm(recorder, shape, { x, bias, residual, scaleShift, state }, out);
    return out;
  };

  const stride = threefold(pass);
  const threes = temporary('queries, keys and values', 3 * stride.rows);
  recordMatmul(
    recorder,
    tuning,
    {
      kind: 'nn',
      rows,
      columns: d,
      inner: d,
      batch: 3,
      strides: { a: 0, b: stride.weights, out: stride.rows },
      into: 'write',
    },
    { a: h, b: banks.weights(name('attention.query'), name('attention.value')), out: threes },
  );
  const attention: AttentionInputs = {
    threes,
    position: product(pass.positions, 'attention.position', [2 * pieces, d, d], 'position keys'),
    layoutWords: pass.layoutWords,
    biases: banks.weights(name('attention.contentBias'), name('attention.segmentEmbedding')),
    state,
  };
  const context = temporary('context', rows * d);
  const logSumExp = temporary('log-sum-exp', sequences * heads * pieces);
  recordAttention(recorder, pass.attention, attentionShape(pass, layer), attention, { context, logSumExp });
  const projected = product(context, 'attention.output', [rows, d, d], 'attention');
  const { y: middle, ...attended } = norm(projected, h, 'attention');
  const inner = product(middle, 'feedForward.inner.kernel', [rows, i, d], 'inner');
  const outer = product(recordActivated(pass, layer, inner), 'feedForward.outer.kernel', [rows, d, i], 'outer');
  const { y: out, ...fed } = norm(outer, middle, 'feedForward');
  return { out, saved: { attention, context, logSumExp, attended, middle, inner, fed } };
}

/** dropout(activation(inner + bias)) [R, i]; made again in the backward pass instead of kept. */
export function recordActivated(pass: Pass, layer: number, inner: Region): Region {
  const { recorder, banks, state } = pass;
  const out = recorder.temporary(`activated of layer ${layer}`, inner.length);
  const bias = banks.weight(`layer.${layer}.feedForward.inner.bias`);
  recordActivation(recorder, activationShape(pass, layer), { x: inner, bias, state }, { out });
  return out;
}

export function activationShape({ sequences, pieces, config, rates }: Pass, layer: number) {
  const { innerSize: columns, activation } = config;
  return { rows: sequences * pieces, columns, activation, rate: rates.encoder, layer };
}
