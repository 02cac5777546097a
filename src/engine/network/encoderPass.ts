// What recording a pass over an encoder needs, what a layer saves for the backward pass, and the adapters of its projections.
import type { AdapterSite } from '../../model/blocks/dropout.ts';
import type { DisentangledDesign, EncoderDesign, SiteRates } from '../../model/blocks/encoderFamily.ts';
import { adapterOf } from '../../model/blocks/layerBlocks.ts';
import { familyOf, type EncoderConfig } from '../../model/families/encoderConfig.ts';
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { linearGrid, part, type Recorder, type Region } from '../gpu/recorder.ts';
import { recordScaled, recordSum } from '../kernels/activationKernel.ts';
import type { AttentionFamily, AttentionInputs, AttentionShape } from '../kernels/attention/attentionScores.ts';
import { recordDropped } from '../kernels/bias.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import type { MatmulTuning } from '../kernels/matmul/matmulTuning.ts';
import type { BatchInputs, ParameterBanks } from './parameterBanks.ts';

/** How layers are recorded: product by product, or, where the encoder is small enough, all that happens to a row in one launch. */
export type LayerBlocks = 'products' | 'rows';

/** What the engine records for an encoder. */
export function designOf(encoder: EncoderConfig): EncoderDesign {
  const design = familyOf(encoder).design(encoder);
  if (typeof design === 'string') throw new Error(`the engine has no passes for ${design}`);
  return design;
}

/** Makes the table of positions that an encoder reads for sequences of `pieces` pieces: of distances, of angles or of places; null for none. */
export function positionTable({
  distances,
  rotary,
  disentangled,
}: EncoderDesign): ((pieces: number) => Float32Array<ArrayBuffer>) | null {
  return distances ?? rotary?.angles ?? (disentangled && ((pieces) => distancePlaces(disentangled, pieces)));
}

/** R = B*T rows. */
export interface EncoderPass {
  readonly recorder: Recorder;
  readonly tuning: MatmulTuning;
  readonly attention: AttentionFamily;
  readonly blocks: LayerBlocks;
  readonly config: EncoderConfig;
  readonly design: EncoderDesign;
  /** Rates at this encoder's sites. */
  readonly sites: SiteRates;
  /** Rank, scale and dropout rate of the encoder's adapters; null without them. */
  readonly adapters: { readonly rank: number; readonly scale: number; readonly rate: number } | null;
  readonly banks: ParameterBanks;
  readonly sequences: number;
  readonly pieces: number;
  readonly inputs: BatchInputs['sections'];
  readonly state: Region;
  /** Sinusoids of relative distances with their dropout, [2T, d]; null if attention has no relative terms. */
  readonly positions: Region | null;
  /** Angles that queries and keys are turned by, see `RotaryDesign`; null if they are not. */
  readonly angles: Region | null;
  /** The table of distances, shared by all layers; null if contents are not compared with distances. */
  readonly distances: SharedDistances | null;
  /** Segment ids, then piece counts. */
  readonly layoutWords: Region;
}

/** dropout(x) A alpha / rank [rows, rank] of each adapted projection of x, by its name in the layer. */
export type AdapterSaved = ReadonlyMap<string, Region>;

/** What the backward pass of a layer reads besides the layer's input. */
export interface LayerSaved {
  readonly attention: AttentionSaved;
  readonly attended: NormSaved;
  readonly middle: Region; // [R, d]
  readonly inner: Region; // [R, i] before bias and activation, or the derivative of `activated`; see `keepsActivated`
  readonly activated: Region; // [R, i] after dropout; see `keepsActivated`
  /** Of the feed-forward block. */
  readonly adapters: AdapterSaved;
  readonly fed: NormSaved;
}

export interface AttentionSaved {
  readonly inputs: AttentionInputs;
  readonly distances: LayerDistances | null;
  readonly adapters: AdapterSaved;
  readonly context: Region; // [R, d]
  readonly logSumExp: Region; // [B, H, T]
}

export interface NormSaved {
  readonly sum: Region; // [R, d]
  readonly statistics: Region; // [R, 2]
}

export function attentionShape(
  { sequences, pieces, config, design, sites }: EncoderPass,
  layer: number,
): AttentionShape {
  const { heads, headSize } = config;
  return {
    sequences,
    pieces,
    heads,
    headSize,
    layer,
    rate: sites.attention,
    window: design.rotary?.window(layer) ?? null,
    termCount: design.disentangled === null ? 1 : 3,
  };
}

/** Whether a layer's activated values and their derivatives stay until its backward pass: computing them again costs the processor more than their memory. */
export function keepsActivated({ attention }: Pick<EncoderPass, 'attention'>): boolean {
  return attention === 'whole';
}

/** The bias added before the residual of a layer's block; null if it has none. */
export function biasOf({ design }: Pick<EncoderPass, 'design'>, block: 'attention' | 'feedForward'): string | null {
  if (block === 'feedForward') return 'feedForward.outer.bias';
  return design.isBiased ? 'attention.output.bias' : null;
}

/** Recorded once a pass, before the layers. */
export interface SharedDistances {
  /** Rows of the table. */
  readonly rows: number;
  /** See `distancePlaces`. */
  readonly places: Region;
  /** Words of a state that says that gradients are written. */
  readonly writing: Region;
  /** The normalised table [rows, d]. */
  readonly table: Region;
  readonly saved: NormSaved;
  /** The gradient of `table`, once a layer has recorded its share. */
  dTable: Region | null;
}

/** What a layer makes of the table. */
export interface LayerDistances {
  /** The table after the layer's dropout. */
  readonly dropped: Region;
  readonly adapters: AdapterSaved;
  /** Queries, then keys, of every distance: `distances` of the attention inputs. */
  readonly rows: Region;
}

/** Words before the places: a state in which nothing accumulates. */
export const STATE_WORDS = 64;

/**
 * The row of each distance T down to 1 - T [2T], then for each row where its distances begin and end among them, behind the words of a state
 * in which nothing accumulates. Integers, in the bits of floats.
 */
function distancePlaces({ rows, rowOf }: DisentangledDesign, pieces: number): Float32Array<ArrayBuffer> {
  const words = new Int32Array(STATE_WORDS + 2 * pieces + 2 * rows);
  const [starts, ends] = [STATE_WORDS + 2 * pieces, STATE_WORDS + 2 * pieces + rows];
  for (let p = 0; p < 2 * pieces; p++) {
    const row = rowOf(pieces - p);
    words[STATE_WORDS + p] = row;
    if (words[ends + row] === 0) words[starts + row] = p;
    words[ends + row] = p + 1;
  }
  return new Float32Array(words.buffer);
}

// What is saved of a layer for the backward pass: everything, everything in f16, or only the layer's input.

export type Keeping = 'whole' | 'halves' | 'input';

export interface SavedLayer {
  /** The layer's input [R, d]. */
  readonly h: Region;
  readonly saved: LayerSaved;
}

// Stores numbers in half their bytes between the forward and the backward pass: f32 to pairs of f16 and back.

const sizes = { count: 'u32' } as const;

/** `pack2x16float` needs no extension, so it saves memory on every adapter. */
const packing = kernel({
  name: 'pack into f16',
  sizes,
  buffers: { x: reads('vec4<f32>'), halves: writes('vec2<u32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let value = clamp(x[index], vec4f(-65504.0), vec4f(65504.0));
  halves[index] = vec2u(pack2x16float(value.xy), pack2x16float(value.zw));`,
});

const unpacking = kernel({
  name: 'unpack from f16',
  sizes,
  buffers: { halves: reads('vec2<u32>'), x: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  x[index] = vec4f(unpack2x16float(halves[index].x), unpack2x16float(halves[index].y));`,
});

/** x [n], n a multiple of 4, rounded to f16 (clamped to its range) in n / 2 words. */
export function recordHalves(recorder: Recorder, { x }: { readonly x: Region }): Region {
  const halves = recorder.temporary(`halves of ${x.buffer.label}`, x.length / 2);
  const count = x.length / 4;
  recorder.launch(packing, { count }, { x, halves }, linearGrid(count, 64));
  return halves;
}

/** Converts the numbers of `recordHalves` back to f32. */
export function recordFromHalves(recorder: Recorder, { halves }: { readonly halves: Region }): Region {
  const x = recorder.temporary(halves.buffer.label.replace('halves of ', ''), halves.length * 2);
  const count = x.length / 4;
  recorder.launch(unpacking, { count }, { halves, x }, linearGrid(count, 64));
  return x;
}

// Records the adapters of a layer's projections, forward and backward: products of low rank beside frozen weights.

/** What projections read. */
export interface AdapterInput {
  readonly layer: number;
  readonly site: AdapterSite;
  readonly x: Region; // [rows, inner]
  readonly rows: number;
  readonly inner: number;
}

/** A weight, named relative to `layer.<l>.`, and the region of its output or of that one's gradient, [rows, columns]. */
export type Projection = readonly [suffix: string, region: Region, columns: number];

/** Regions whose kernels read four words at a time. */
const fours = (length: number): number => Math.ceil(length / 4) * 4;

function adaptedOf({ banks, adapters }: EncoderPass, { layer }: AdapterInput, projections: readonly Projection[]) {
  if (adapters === null) return [];
  return projections.flatMap(([suffix, region, columns]) => {
    const { down, up } = adapterOf(`layer.${layer}.${suffix}`);
    return banks.has(down) ? [{ suffix, region, columns, down, up }] : [];
  });
}

/** x with the adapters' dropout; x itself without one. */
function droppedInput(pass: EncoderPass, { layer, site, x, rows, inner }: AdapterInput, what: string): Region {
  const rate = pass.adapters?.rate ?? 0;
  if (rate === 0) return x;
  const out = pass.recorder.temporary(`${what} of ${site} of layer ${layer}`, rows * inner);
  const shape = { length: rows * inner, rate, layer, site };
  recordDropped(pass.recorder, shape, { x, state: pass.state }, { out });
  return out;
}

/** Adds dropout(x) A B alpha / rank to the output of every projection that has an adapter, and to `saved` what backward needs besides x. */
export function recordAdapters(
  pass: EncoderPass,
  input: AdapterInput,
  projections: readonly Projection[],
  saved: Map<string, Region>,
): void {
  const adapted = adaptedOf(pass, input, projections);
  if (adapted.length === 0 || pass.adapters === null) return;
  const { recorder, tuning, banks } = pass;
  const { rank, scale } = pass.adapters;
  const { rows, inner, layer } = input;
  const dropped = droppedInput(pass, input, 'dropped input');
  for (const { suffix, region, columns, down, up } of adapted) {
    const low = recorder.temporary(`low rank of ${suffix} of layer ${layer}`, fours(rows * rank));
    const first = { kind: 'nn', rows, columns: rank, inner, into: 'write' } as const;
    recordMatmul(recorder, tuning, first, { a: dropped, b: banks.weight(down), out: part(low, 0, rows * rank) });
    const scaled = recorder.temporary(`scaled low rank of ${suffix} of layer ${layer}`, low.length);
    recordScaled(recorder, scale, { x: low }, { out: scaled });
    const own = part(scaled, 0, rows * rank);
    const second = { kind: 'nn', rows, columns, inner: rank, into: 'add' } as const;
    recordMatmul(recorder, tuning, second, { a: own, b: banks.weight(up), out: region });
    saved.set(suffix, own);
  }
}

/**
 * Gradients of adapters from those of their projections' outputs, written or added depending on the state, or added for `add`. Unless null,
 * the adapters' share is added to `dX`, the gradient of x [rows, inner].
 */
export function recordAdaptersBackward(
  pass: EncoderPass,
  input: AdapterInput,
  saved: AdapterSaved,
  projections: readonly Projection[],
  dX: Region | null,
  into: 'gradient' | 'add' = 'gradient',
): void {
  const adapted = adaptedOf(pass, input, projections);
  if (adapted.length === 0 || pass.adapters === null) return;
  const { recorder, tuning, banks, state } = pass;
  const { rank, scale, rate } = pass.adapters;
  const { rows, inner, layer, site } = input;
  const isTrained = adapted.some(({ down }) => banks.gradient(down) !== null);
  const dropped = isTrained ? droppedInput(pass, input, 'dropped input, again,') : input.x;
  const gradientOf = (a: Region, b: Region, out: Region, [l, n]: readonly [number, number]): void => {
    const shape = { kind: 'tn', rows: l, columns: n, inner: rows, into } as const;
    recordMatmul(recorder, tuning, shape, { a, b, out, ...(into === 'gradient' && { state }) });
  };
  // Dropout applies to the sum over projections.
  const whole = dX !== null && rate > 0 ? recorder.temporary(`d adapted ${site} of layer ${layer}`, dX.length) : dX;
  for (const [index, { suffix, region: dOut, columns, down, up }] of adapted.entries()) {
    const [dDown, dUp] = [banks.gradient(down), banks.gradient(up)];
    const own = saved.get(suffix);
    if (own === undefined) throw new Error(`the adapter of ${suffix} saved nothing`);
    if (dUp !== null) gradientOf(own, dOut, dUp, [rank, columns]);
    const dScaled = recorder.temporary(`d scaled low rank of ${suffix} of layer ${layer}`, fours(rows * rank));
    const through = { kind: 'nt', rows, columns: rank, inner: columns, into: 'write' } as const;
    recordMatmul(recorder, tuning, through, { a: dOut, b: banks.weight(up), out: part(dScaled, 0, rows * rank) });
    const dLow = recorder.temporary(`d low rank of ${suffix} of layer ${layer}`, dScaled.length);
    recordScaled(recorder, scale, { x: dScaled }, { out: dLow });
    const dOwn = part(dLow, 0, rows * rank);
    if (dDown !== null) gradientOf(dropped, dOwn, dDown, [inner, rank]);
    if (whole === null) continue;
    const back = { kind: 'nt', rows, columns: inner, inner: rank, into: whole === dX || index > 0 ? 'add' : 'write' } as const; // prettier-ignore
    recordMatmul(recorder, tuning, back, { a: dOwn, b: banks.weight(down), out: whole });
  }
  if (dX === null || whole === null || whole === dX) return;
  const out = recorder.temporary(`d input of ${site} of layer ${layer}`, dX.length);
  recordDropped(recorder, { length: dX.length, rate, layer, site }, { x: whole, state }, { out });
  recordSum(recorder, { right: out }, { out: dX });
}
