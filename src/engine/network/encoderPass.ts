// What recording a pass over an encoder of any family needs, and what a layer saves for the backward pass.
import type { DisentangledDesign, EncoderDesign, SiteRates } from '../../model/blocks/encoderFamily.ts';
import { familyOf, type EncoderConfig } from '../../model/families/encoderConfig.ts';
import type { Recorder, Region } from '../gpu/recorder.ts';
import type { AttentionFamily, AttentionInputs, AttentionShape } from '../kernels/attention/attentionScores.ts';
import type { MatmulTuning } from '../kernels/matmul/matmulTuning.ts';
import type { BatchInputs } from './batchInputs.ts';
import type { ParameterBanks } from './parameterBanks.ts';

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
