// What recording a pass over an encoder of any family needs, and what a layer saves for the backward pass.
import type { EncoderConfig } from '../../model/config/encoderConfig.ts';
import type { DropoutRates } from '../../model/dropout.ts';
import type { Recorder, Region } from '../gpu/recorder.ts';
import type { AttentionFamily, AttentionInputs, AttentionShape } from '../kernels/attention/attentionScores.ts';
import type { MatmulTuning } from '../kernels/matmul/matmulTuning.ts';
import type { BatchInputs } from './batchInputs.ts';
import type { ParameterBanks } from './parameterBanks.ts';

/** How layers are recorded: product by product, or, where the encoder is small enough, all that happens to a row in one launch. */
export type LayerBlocks = 'products' | 'rows';

/** R = B*T rows. */
export interface EncoderPass {
  readonly recorder: Recorder;
  readonly tuning: MatmulTuning;
  readonly attention: AttentionFamily;
  readonly blocks: LayerBlocks;
  readonly config: EncoderConfig;
  readonly rates: DropoutRates;
  readonly banks: ParameterBanks;
  readonly sequences: number;
  readonly pieces: number;
  readonly inputs: BatchInputs['sections'];
  readonly state: Region;
  /** Sinusoids of relative distances with their dropout, [2T, d]; null if attention has no relative terms. */
  readonly positions: Region | null;
  /** Segment ids, then piece counts. */
  readonly layoutWords: Region;
}

/** What the backward pass of a layer reads besides the layer's input. */
export interface LayerSaved {
  readonly attention: AttentionSaved;
  readonly attended: NormSaved;
  readonly middle: Region; // [R, d]
  readonly inner: Region; // [R, i] before bias and activation, or the derivative of `activated`; see `keepsActivated`
  readonly activated: Region; // [R, i] after dropout; see `keepsActivated`
  readonly fed: NormSaved;
}

export interface AttentionSaved {
  readonly inputs: AttentionInputs;
  readonly context: Region; // [R, d]
  readonly logSumExp: Region; // [B, H, T]
}

export interface NormSaved {
  readonly sum: Region; // [R, d]
  readonly statistics: Region; // [R, 2]
}

export function attentionShape({ sequences, pieces, config, rates }: EncoderPass, layer: number): AttentionShape {
  const { heads, headSize } = config;
  return { sequences, pieces, heads, headSize, layer, rate: rates.attention };
}

/** Dropout rate before the head and inside feed-forward blocks, where XLNet drops and BERT does not. */
export function xlnetRate({ config, rates }: Pick<EncoderPass, 'config' | 'rates'>): number {
  return config.family === 'xlnet' ? rates.encoder : 0;
}

/** Whether a layer's activated values and their derivatives stay until its backward pass: computing them again costs the processor more than their memory. */
export function keepsActivated({ attention }: Pick<EncoderPass, 'attention'>): boolean {
  return attention === 'whole';
}

/** The bias added before the residual of a layer's block; null if it has none. */
export function biasOf({ config }: Pick<EncoderPass, 'config'>, block: 'attention' | 'feedForward'): string | null {
  if (block === 'feedForward') return 'feedForward.outer.bias';
  return config.family === 'bert' ? 'attention.output.bias' : null;
}
