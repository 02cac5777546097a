// What a family of encoders is, one record a family: the batches it takes, the sizes of its configuration, what it records.
import type * as tf from '@tensorflow/tfjs';
import type { Adapters } from '../../schema/config.ts';
import { LabError } from '../../util/labError.ts';
import { validate } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';
import * as z from '../../util/zod.ts';
import type { AdapterSite, DropoutRates, DropoutSite, DropoutStream } from './dropout.ts';
import type { Correspondence, HostParameters } from './parameterLocation.ts';

/** Names and shapes of parameters, in a fixed order. */
export type NamedShapes = readonly (readonly [name: string, shape: readonly number[]])[];

/** Dropout rate at each site; 0 where a family does not drop. */
export type SiteRates = Readonly<Record<Exclude<DropoutSite, AdapterSite | 'word'>, number>>;

/**
 * Everything the lab asks about a family. The next family is one file with such a record, a line in the table of families
 * (`encoderConfig.ts`), and one in that of facts (`encoderFacts.ts`).
 */
export interface EncoderFamily<Config extends EncoderSizes = EncoderSizes> {
  /** Reads a parsed config.json. Throws LabError `model/config` naming the first field that is missing or not supported. */
  readonly readConfig: (json: unknown) => Config;
  /** Parameters before the first layer, and those of a layer relative to `layer.<l>.`. */
  readonly shapes: (config: Config) => {
    readonly embedding: NamedShapes;
    readonly layer: (layer: number) => NamedShapes;
  };
  /** Pieces that a sequence may have at most; null for no limit. */
  readonly positions: (config: Config) => number | null;
  /** The encoder's name in the classes of transformers that are saved with a head, with a dot. */
  readonly prefix: string;
  /** Returns the tensor of transformers that corresponds to a parameter, with `prefix` before its name. */
  readonly tensor: (parameter: string, config: Config) => Correspondence;
  /**
   * The network in plain tfjs operations: hidden states [B*T, d], one tensor for the embedding and one for each layer, of which the
   * head reads the last.
   */
  readonly states: (
    batch: Batch,
    parameters: ReadonlyMap<string, tf.Tensor>,
    config: Config,
    rates: DropoutRates,
    stream: DropoutStream | null,
  ) => readonly tf.Tensor2D[];
  /** Where the family drops, and at which of the configured rates. */
  readonly sites: (rates: DropoutRates) => SiteRates;
  /** What the engine records for an encoder, or what it lacks for one, such as `LSTMs`: the plain network then computes it everywhere. */
  readonly design: (config: Config) => EncoderDesign | string;
  /** Whether a parameter is never trained; absent where all are. */
  readonly isConstant?: (parameter: string) => boolean;
  /** The weights that a run of this seed starts from, where those that are stored were never trained; absent where they always are. */
  readonly initial?: (config: Config, stored: HostParameters, seed: number) => HostParameters;
  /** What the network computes of a batch with fixed weights alone, whatever it trains; absent where nothing is. */
  readonly frozen?: FrozenPart<Config>;
  /** How a tagger reads those of other tasks; absent where it cannot. */
  readonly collaboration?: Collaboration<Config>;
  readonly exported: ExportedForm<Config>;
}

/** Collaboration of taggers (CollaboNet): one that is trained reads what others compute of the same text. */
export interface Collaboration<Config> {
  /** The encoder of the same family that reads this many others. */
  readonly withHelpers: (config: Config, helpers: number) => EncoderSizes;
  /** The parameters of helper number `helper` of the encoder `config`, from a tagger's weights. */
  readonly helper: (config: Config, tagger: HostParameters, helper: number) => HostParameters;
  /** What training of the encoder `config` starts from: a tagger's weights, with drawn ones for what it reads of others. */
  readonly start: (config: Config, tagger: HostParameters, seed: number) => HostParameters;
}

/** A part of a network that no run trains, so that each sequence may pass it once for a whole run. */
export interface FrozenPart<Config> {
  /** Numbers F for each piece; 0 for an encoder without such a part. */
  readonly width: (config: Config) => number;
  /** [B*T, F]; rows of padding hold arbitrary finite numbers. What a sequence gets does not depend on others of its batch. */
  readonly features: (batch: Batch, parameters: ReadonlyMap<string, tf.Tensor>, config: Config) => tf.Tensor2D;
}

/** How a trained tagger is written for transformers. */
export interface ExportedForm<Config> {
  readonly modelType: string;
  /** The class that opens the folder. */
  readonly architecture: string;
  /** What the model card says of a class for token classification that would compute something else; absent where there is none. */
  readonly caveat?: string;
  /** What the model card says where no class of transformers opens the folder; absent where one does. */
  readonly nowhereElse?: string;
  /** The members of config.json that hold the dropout rates. */
  readonly dropoutMembers: (rates: DropoutRates) => Readonly<Record<string, number>>;
  /** Members of tokenizer_config.json where the model has none. */
  readonly tokenizer: Readonly<Record<string, string>>;
  /** Whether the tokenizer's class makes its normalizer from tokenizer_config.json, as BERT's does. */
  readonly configuresNormalizer: boolean;
  /** Members of config.json that a run's encoder has beyond its model's; absent where there are none. */
  readonly addedMembers?: (config: Config) => Readonly<Record<string, unknown>>;
  /** Tensors that the class requires and tagging never reads, as zeros. */
  readonly unusedTensors: (config: Config) => NamedShapes;
}

/** What the engine has to know of an encoder, which knows no family: everything that changes a launch. */
export interface EncoderDesign {
  readonly embedding: WordEmbedding | NormedEmbedding | NormedWords;
  /** Whether a norm follows each block and its residual, with a feed-forward block of two layers, or precedes it, with a gated one and no biases. */
  readonly norms: 'after' | 'before';
  /** Whether queries, keys, values and the output of attention have biases. */
  readonly isBiased: boolean;
  /** Rows for the distances T down to 1 - T, [2T, d], that XLNet's attention makes position keys of; null without such terms. */
  readonly distances: ((pieces: number) => Float32Array<ArrayBuffer>) | null;
  /** Null where contents are not compared with distances, as only DeBERTa compares them. */
  readonly disentangled: DisentangledDesign | null;
  /** Null where queries and keys are not turned by their position. */
  readonly rotary: RotaryDesign | null;
}

export interface DisentangledDesign {
  /** Rows of the table of distances, `embedding.relative`, which all layers read. */
  readonly rows: number;
  /** The table's row for i - j; it does not fall as the distance grows. */
  readonly rowOf: (distance: number) => number;
}

export interface RotaryDesign {
  /** Cosines [T, h/2], then sines, of the angles in global layers, then of those in local layers: [2, 2, T, h/2]. */
  readonly angles: (pieces: number) => Float32Array<ArrayBuffer>;
  /** The largest distance of a piece from those it attends to in a layer; null for all. */
  readonly window: (layer: number) => number | null;
}

/** A row of the table for each piece. */
export interface WordEmbedding {
  readonly kind: 'words';
}

/** A row of the table for each piece, normalised. */
export interface NormedWords {
  readonly kind: 'normed words';
  /** The norm's last parameter: its shift, or its scale if it has none. */
  readonly last: 'shift' | 'scale';
}

/** The sum of a row for the piece, for its position and for its segment, normalised. */
export interface NormedEmbedding {
  readonly kind: 'normed';
  /** Rows of the position table and of the segment table. */
  readonly positions: number;
  readonly segments: number;
  /** The row of a sequence's first piece. */
  readonly firstPosition: number;
  /** Width of the tables if a linear layer follows that widens them to the hidden size; null if they have it. */
  readonly narrow: number | null;
}

// The sizes and activations found in every encoder's configuration file.

/** Parses the fields of a JSON file. Throws LabError `model/config` naming the first one that is missing or not supported. */
export function configFile<Schema extends z.ZodMiniType>(
  file: string,
  family: string,
  schema: Schema,
  json: unknown,
): z.output<Schema> {
  const parsed = validate(schema, json);
  if (parsed.isFit) return parsed.data;
  const { path, message } = parsed.fault;
  throw new LabError('model/config', `${file} does not describe ${family} this lab can run: ${path || 'file'}.`, {
    expected: message,
    got: path === '' ? typeof json : spellValue((json as Record<string, unknown>)[path]),
  });
}

/** Limits on the sizes in an encoder's configuration file: a corrupt one may state any number. */
export const configSizes = {
  /** Every layer is listed by name before its weights are located. */
  layers: z.int().check(z.gte(1), z.lte(1000)),
  /** Widths, heads, pieces, positions. */
  others: z.int().check(z.gte(1), z.lte(10_000_000)),
};

/** Sizes common to all families; `headSize * heads` is `hiddenSize`. */
export interface EncoderSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headSize: number;
  readonly innerSize: number;
  readonly vocabularySize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
  /** Standard deviation of newly initialised weights. */
  readonly initializerRange: number;
  /** Trained beside the encoder's own weights; absent where there are none, as in every configuration file. */
  readonly adapters?: Adapters;
  /** Numbers of the characters that the network reads beside its pieces; absent where it reads none. */
  readonly characterCount?: number;
}

/** Relative to `layer.<l>.`, in a fixed order; d hidden, i inner size. */
export function residualShapes({ hiddenSize: d, innerSize: i }: Pick<EncoderSizes, 'hiddenSize' | 'innerSize'>) {
  return [
    ['attention.norm.scale', [d]],
    ['attention.norm.shift', [d]],
    ['feedForward.inner.kernel', [d, i]],
    ['feedForward.inner.bias', [i]],
    ['feedForward.outer.kernel', [i, d]],
    ['feedForward.outer.bias', [d]],
    ['feedForward.norm.scale', [d]],
    ['feedForward.norm.shift', [d]],
  ] as const;
}

/** `gelu` with the error function, `gelu_new` with the tanh approximation that the XLNet release trains with, `relu`, or `silu`. */
export const ACTIVATIONS = ['gelu', 'gelu_new', 'relu', 'silu'] as const;
/** Supported activations of feed-forward blocks, under Hugging Face's names. */
export type Activation = (typeof ACTIVATIONS)[number];

/** Other names that transformers has for them. */
const activationAliases: ReadonlyMap<unknown, Activation> = new Map<unknown, Activation>([
  ['gelu_python', 'gelu'],
  ['gelu_pytorch_tanh', 'gelu_new'],
  ['gelu_python_tanh', 'gelu_new'],
  ['gelu_fast', 'gelu_new'],
  ['gelu_accurate', 'gelu_new'],
  ['swish', 'silu'],
]);

/** Parses the name of an activation; one that is not supported is refused with the names that are. */
export const activationSchema = z.pipe(
  z.transform((name) => activationAliases.get(name) ?? name),
  z.enum(ACTIVATIONS),
);

// Sequences padded to one length: the input of one forward pass.

/** B sequences of T pieces and N CRF positions, row-major, padded on the right. */
export interface Batch {
  readonly size: number;
  readonly pieces: number;
  readonly positions: number;
  /** [B, T]; padding holds id 5 (`<pad>`), which no real piece attends to. */
  readonly pieceIds: Int32Array;
  /** [B, T] XLNet only compares them for equality, BERT has an embedding for each; padding holds 0. */
  readonly segmentIds: Int32Array;
  /** [B] number of real pieces of each sequence. */
  readonly pieceCounts: Int32Array;
  /** Absent where the network reads no characters. */
  readonly characters?: BatchCharacters;
  /** [B*T, F] what the network's frozen part gives, where it was computed before; padding holds 0. */
  readonly features?: Float32Array<ArrayBuffer> | tf.Tensor2D;
  /** [B, N] piece index within the sequence of each CRF position; padding holds 0. */
  readonly crfPositions: Int32Array;
  /** [B, N] tag index of each CRF position, OPEN where it is one of `openTags`; padding holds 0. */
  readonly tags: Int32Array;
  /** [B, K] 1 for the tags that the open positions of a sequence may have; absent where no position is open. */
  readonly openTags?: Int32Array;
  /** [B] number of real CRF positions of each sequence, at least 1. */
  readonly crfCounts: Int32Array;
}

/** The characters of a batch's pieces, once for each distinct piece: W of them, with at most C characters. */
export interface BatchCharacters {
  /** W; at least 1. */
  readonly words: number;
  /** C; at least 1. */
  readonly longest: number;
  /** [W, C] numbers of characters; 0 behind a word's end. */
  readonly ids: Int32Array;
  /** [W] characters of each word; none of a special or of padding. */
  readonly counts: Int32Array;
  /** [B, T] which of the W each piece is. */
  readonly rows: Int32Array;
}

/** What determines the recorded pass over a batch: its sequences, and the pieces they are padded to. */
export type BatchSize = Pick<Batch, 'size' | 'pieces'>;
