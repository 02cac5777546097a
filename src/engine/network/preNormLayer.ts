// Records encoders whose norms come before each block, as ModernBERT's: h' = h + attention(LN(h)), h'' = h' + gated feed-forward(LN(h')).
import { aligned, part, type Region } from '../gpu/recorder.ts';
import { recordGate, recordGateBackward, recordSum } from '../kernels/activationKernel.ts';
import { recordDropped } from '../kernels/bias.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import {
  recordResidualNorm,
  recordResidualNormBackward,
  recordResidualNormGradients,
} from '../kernels/residualNorm.ts';
import {
  recordAdapters,
  recordAdaptersBackward,
  type AdapterSaved,
  type AttentionSaved,
  type EncoderPass,
  type Keeping,
  type NormSaved,
  type Projection,
} from './encoderPass.ts';
import { recordAttentionBlock, recordAttentionBlockBackward } from './layerPass.ts';

/** A norm that has been recorded: what follows reads `y`. */
interface RecordedNorm {
  /** The scale's name. */
  readonly name: string;
  readonly y: Region; // [R, d]
  readonly saved: NormSaved;
}

/** What the backward pass of a layer reads. */
interface PreNormSaved {
  /** What attention reads: the normed input; null in the first layer, which reads the input itself. */
  readonly read: RecordedNorm | null;
  readonly attention: AttentionSaved;
  /** Of the sum of input and attention, which is its `sum`. */
  readonly middle: RecordedNorm;
  readonly inner: Region; // the inner matrix [R, i], then the gate
  readonly activated: Region; // [R, i] after dropout
  /** Of the feed-forward block. */
  readonly adapters: AdapterSaved;
  /** After the last layer; null in the others. */
  readonly output: RecordedNorm | null;
}

/** Records one layer forward from h [R, d]. */
function recordLayer(
  pass: EncoderPass,
  layer: number,
  h: Region,
): { readonly out: Region; readonly saved: PreNormSaved } {
  const { recorder, tuning, config, banks, sequences, pieces, state } = pass;
  const { hiddenSize: d, innerSize: i } = config;
  const rows = sequences * pieces;
  const name = (suffix: string): string => `layer.${layer}.${suffix}`;
  const temporary = (label: string, length: number): Region => recorder.temporary(`${label} of layer ${layer}`, length);
  const read = layer === 0 ? null : recordNorm(pass, layer, 'attention.norm.scale', h, null);
  const { projected, saved: attention } = recordAttentionBlock(pass, layer, read?.y ?? h);
  const middle = recordNorm(pass, layer, 'feedForward.norm.scale', projected, h);
  const inner = temporary('inner and gate', 2 * aligned(rows * i));
  const strides = { a: 0, b: aligned(d * i), out: aligned(rows * i) };
  const both = { kind: 'nn', rows, columns: i, inner: d, batch: 2, strides, into: 'write' } as const;
  const b = banks.weights(name('feedForward.inner.kernel'), name('feedForward.gate.kernel'));
  recordMatmul(recorder, tuning, both, { a: middle.y, b, out: inner });
  const adapters = new Map<string, Region>();
  const narrow = { layer, rows, inner: d, site: 'adapterMiddle', x: middle.y } as const;
  recordAdapters(pass, narrow, innerAndGate(inner, rows, i), adapters);
  const activated = temporary('activated', rows * i);
  recordGate(recorder, gateShape(pass, layer), { x: inner, state }, { out: activated });
  const fed = temporary('feed-forward', rows * d);
  const shape = { kind: 'nn', rows, columns: d, inner: i, into: 'write' } as const;
  recordMatmul(recorder, tuning, shape, { a: activated, b: banks.weight(name('feedForward.outer.kernel')), out: fed });
  const wide = { layer, rows, inner: i, site: 'adapterActivated', x: activated } as const;
  recordAdapters(pass, wide, [['feedForward.outer.kernel', fed, d]], adapters);
  const sum = temporary('output', rows * d);
  recordSum(recorder, { left: middle.saved.sum, right: fed }, { out: sum });
  const output = layer + 1 < config.layers ? null : recordNorm(pass, layer, 'output.norm.scale', sum, null);
  return { out: output?.y ?? sum, saved: { read, attention, middle, inner, activated, adapters, output } };
}

/** The inner matrix and the gate, or their gradients, as projections of the same rows. */
function innerAndGate(both: Region, rows: number, columns: number): readonly Projection[] {
  const [inner, gate] = [0, aligned(rows * columns)].map((offset) => part(both, offset, rows * columns));
  return [
    ['feedForward.inner.kernel', inner as Region, columns],
    ['feedForward.gate.kernel', gate as Region, columns],
  ];
}

function gateShape({ config, sites, sequences, pieces }: EncoderPass, layer: number) {
  const { innerSize: columns, activation } = config;
  return { rows: sequences * pieces, columns, activation, rate: sites.inner, layer };
}

function normShape({ config, sequences, pieces }: EncoderPass, layer: number, rate: number) {
  const { hiddenSize, layerNormEpsilon: epsilon } = config;
  return { rows: sequences * pieces, hiddenSize, epsilon, rate, layer, site: 'attentionOutput' } as const;
}

/** The norm of x [R, d], or of dropout(x) + residual, where attention's output drops. */
function recordNorm(
  pass: EncoderPass,
  layer: number,
  suffix: string,
  x: Region,
  residual: Region | null,
): RecordedNorm {
  const { recorder, config, sites, banks, sequences, pieces, state } = pass;
  const [rows, name] = [sequences * pieces, `layer.${layer}.${suffix}`];
  const y = recorder.temporary(`${suffix} output of layer ${layer}`, rows * config.hiddenSize);
  const saved = {
    sum: recorder.temporary(`${suffix} sum of layer ${layer}`, rows * config.hiddenSize),
    statistics: recorder.temporary(`${suffix} statistics of layer ${layer}`, rows * 2),
  };
  const shape = normShape(pass, layer, residual === null ? 0 : sites.attentionOutput);
  const read = { x, bias: null, residual, scaleShift: banks.weight(name), state };
  recordResidualNorm(recorder, shape, read, { y, ...saved });
  return { name, y, saved };
}

/** The gradient of a norm's input from dY [R, d], plus `direct`, what reaches it beside the norm; and that of the scale. */
function recordNormBackward(
  pass: EncoderPass,
  layer: number,
  norm: RecordedNorm,
  dY: Region,
  direct: Region | null,
): Region {
  const { recorder, config, banks, sequences, pieces, state } = pass;
  const rows = sequences * pieces;
  const temporary = (label: string): Region =>
    recorder.temporary(`d ${label} of ${norm.name}`, rows * config.hiddenSize);
  const dSum = temporary('input');
  const read = { dY, ...norm.saved, scale: banks.weight(norm.name), state };
  recordResidualNormBackward(recorder, normShape(pass, layer, 0), read, { dSum, dX: null });
  const gradient = banks.gradient(norm.name);
  const { hiddenSize } = config;
  if (gradient !== null) {
    recordResidualNormGradients(recorder, { rows, hiddenSize }, { dY, ...norm.saved, dX: null, state }, { gradient });
  }
  if (direct === null) return dSum;
  const whole = temporary('input, both ways');
  recordSum(recorder, { left: dSum, right: direct }, { out: whole });
  return whole;
}

/** From dOut [R, d] the gradient of the layer's input h [R, d]; those of frozen parameters are not computed. */
function recordLayerBackward(pass: EncoderPass, layer: number, h: Region, saved: PreNormSaved, dOut: Region): Region {
  const { recorder, tuning, config, sites, banks, sequences, pieces, state } = pass;
  const { hiddenSize: d, innerSize: i } = config;
  const rows = sequences * pieces;
  const name = (suffix: string): string => `layer.${layer}.${suffix}`;
  const temporary = (label: string, length: number): Region =>
    recorder.temporary(`d ${label} of layer ${layer}`, length);

  const dFed = saved.output === null ? dOut : recordNormBackward(pass, layer, saved.output, dOut, null);
  const outer = banks.gradient(name('feedForward.outer.kernel'));
  if (outer !== null) {
    const shape = { kind: 'tn', rows: i, columns: d, inner: rows, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a: saved.activated, b: dFed, out: outer, state });
  }
  const stride = aligned(rows * i);
  const dInner = temporary('inner and gate', 2 * stride);
  const [dOuter, dGate] = [part(dInner, 0, rows * i), part(dInner, stride, rows * i)];
  const through = { kind: 'nt', rows, columns: i, inner: d, into: 'write' } as const;
  const outerKernel = banks.weight(name('feedForward.outer.kernel'));
  recordMatmul(recorder, tuning, through, { a: dFed, b: outerKernel, out: dOuter });
  const wide = { layer, rows, inner: i, site: 'adapterActivated', x: saved.activated } as const;
  recordAdaptersBackward(pass, wide, saved.adapters, [['feedForward.outer.kernel', dFed, d]], dOuter);
  recordGateBackward(recorder, gateShape(pass, layer), { x: saved.inner, state }, { dOut: dOuter, dGate });
  const kernels = banks.gradients(name('feedForward.inner.kernel'), name('feedForward.gate.kernel'));
  if (kernels !== null) {
    const strides = { a: 0, b: stride, out: aligned(d * i) };
    const shape = { kind: 'tn', rows: d, columns: i, inner: rows, batch: 2, strides, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a: saved.middle.y, b: dInner, out: kernels, state });
  }
  const dMiddle = temporary('normed middle', rows * d);
  const strides = { a: stride, b: aligned(d * i), out: 0 };
  const back = { kind: 'nt', rows, columns: d, inner: i, batch: 2, strides, sum: true, into: 'write' } as const;
  const b = banks.weights(name('feedForward.inner.kernel'), name('feedForward.gate.kernel'));
  recordMatmul(recorder, tuning, back, { a: dInner, b, out: dMiddle });
  const narrow = { layer, rows, inner: d, site: 'adapterMiddle', x: saved.middle.y } as const;
  recordAdaptersBackward(pass, narrow, saved.adapters, innerAndGate(dInner, rows, i), dMiddle);

  const dSum = recordNormBackward(pass, layer, saved.middle, dMiddle, dFed);
  let dAttended = dSum;
  if (sites.attentionOutput > 0) {
    dAttended = temporary('attention', rows * d);
    const drop = { length: rows * d, rate: sites.attentionOutput, layer, site: 'attentionOutput' } as const;
    recordDropped(recorder, drop, { x: dSum, state }, { out: dAttended });
  }
  const dRead = temporary('attention input', rows * d);
  recordAttentionBlockBackward(pass, layer, saved.read?.y ?? h, saved.attention, dAttended, dRead, 'write');
  if (saved.read !== null) return recordNormBackward(pass, layer, saved.read, dRead, dSum);
  const dH = temporary('input', rows * d);
  recordSum(recorder, { left: dRead, right: dSum }, { out: dH });
  return dH;
}

/**
 * Records all layers forward from `embedded` [R, d], and how their gradients are recorded: `backward` returns the gradient of the first
 * layer's input, or null if nothing below layer `lowest` is trained. Layers are saved whole, in mixed precision too, or, for `input`,
 * recomputed.
 */
export function recordPreNormEncoder(
  pass: EncoderPass,
  embedded: Region,
  keeping: Keeping,
  lowest: number,
): { readonly out: Region; readonly backward: (dOut: Region) => Region | null } {
  const { layers } = pass.config;
  const passed: { readonly h: Region; readonly saved: PreNormSaved }[] = [];
  let h = embedded;
  for (let layer = 0; layer < layers; layer++) {
    const { out, saved } = recordLayer(pass, layer, h);
    passed.push({ h, saved });
    h = out;
  }
  return {
    out: h,
    backward(dOut) {
      let dH = dOut;
      for (let layer = layers - 1; layer >= Math.max(0, lowest); layer--) {
        const { h: input, saved } = passed[layer] as (typeof passed)[number];
        const again = keeping === 'input' ? recordLayer(pass, layer, input).saved : saved;
        dH = recordLayerBackward(pass, layer, input, again, dH);
      }
      return lowest < 0 ? dH : null;
    },
  };
}
