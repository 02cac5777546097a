// What families of networks of words have in common: configuration, parameters, drawn weights, and the vector of each token.
import * as tf from '@tensorflow/tfjs';
import { Rng } from '../../../util/random.ts';
import * as z from '../../../util/zod.ts';
import { dropout, lockedDropout, wordDropout, type DropoutRates, type DropoutStream } from '../../blocks/dropout.ts';
import {
  configSizes,
  type Batch,
  type BatchCharacters,
  type EncoderFamily,
  type EncoderSizes,
  type NamedShapes,
} from '../../blocks/encoderFamily.ts';
import { parameter } from '../../blocks/layerBlocks.ts';
import {
  EMBEDDING,
  isFixed,
  LANGUAGE,
  sizeOf,
  type HostParameters,
  type HostTensor,
} from '../../blocks/parameterLocation.ts';
import { bidirectionalLstm, languageSchema, languageShapes, lstmShapes, type LanguageSizes } from './languageModels.ts';

const NOWHERE_ELSE =
  'No class of transformers has this network, so the folder opens in BioNER Lab alone. Nothing of it was pretrained but vectors of words, if there ' +
  'were any: where this card says pretrained weights, they are the initial ones, drawn from the seed.';

/** Returns all of a record but `readConfig` and `states`. `layer` are the parameters of a layer, `before` those below the first, `part` what the engine lacks. */
export function wordNetwork<Config extends WordSizes>(
  modelType: string,
  part: string,
  layer: (config: Config, layer: number) => NamedShapes,
  before: (config: Config) => NamedShapes = representationShapes,
): Omit<EncoderFamily<Config>, 'readConfig' | 'states'> {
  const all = (config: Config): NamedShapes => [
    ...before(config),
    ...Array.from({ length: config.layers }, (_, index) =>
      layer(config, index).map(([name, shape]) => [`layer.${index}.${name}`, shape] as const),
    ).flat(),
  ];
  return {
    shapes: (config) => ({ embedding: before(config), layer: (index) => layer(config, index) }),
    positions: () => null,
    prefix: '',
    tensor: (parameter, config) => {
      const shape = all(config).find(([name]) => name === parameter)?.[1];
      if (shape === undefined) throw new Error(`no parameter ${parameter} in a ${modelType}`);
      return { name: parameter, shape, transposed: false };
    },
    isConstant: (parameter) => parameter === FIXED_WORDS || isFixed(parameter),
    initial: (config, stored, seed) => initialWeights(config, all(config), stored, seed),
    sites: ({ encoder, head }) => ({
      ...{ embedding: encoder, position: 0, attention: 0, attentionOutput: 0 },
      ...{ inner: 0, outer: encoder, encoderOutput: 0, head },
    }),
    design: () => part,
    exported: {
      modelType,
      architecture: 'BionerLabTagger',
      nowhereElse: NOWHERE_ELSE,
      dropoutMembers: () => ({}),
      tokenizer: {},
      configuresNormalizer: false,
      unusedTensors: () => [],
    },
  };
}

/**
 * Draws weights that depend on seed and name alone: rows of tables uniform within sqrt(3 / width) (Ma and Hovy), kernels within sqrt(6 / (in
 * + out)) (Glorot), an LSTM's gate by gate, biases 0, those of forget gates 1. The row for padding is 0.
 */
export function drawnWeights(shapes: NamedShapes, seed: number): HostParameters {
  return new Map(
    shapes.map(([name, shape]): [string, HostTensor] => {
      const rng = Rng.seeded(seed).fork('encoder', name);
      const values = new Float32Array(sizeOf(shape));
      const [rows = 1, columns = 1] = shape;
      const fill = (bound: number): void =>
        values.forEach((_, index) => (values[index] = bound * (2 * rng.uniform() - 1)));
      if (name.endsWith('.bias')) {
        if (isOfLstm(name)) values.fill(1, rows / 4, rows / 2);
      } else if (name.endsWith('.kernel') || name.endsWith('.recurrent')) {
        fill(Math.sqrt(6 / (rows + (isOfLstm(name) ? columns / 4 : columns))));
      } else {
        fill(Math.sqrt(3 / columns));
        if (name !== FIXED_WORDS) values.fill(0, 0, columns);
      }
      return [name, { shape, values }];
    }),
  );
}

const isOfLstm = (name: string): boolean => /\.(forward|backward)\.\w+$/.test(name);

/** The weights a run of this seed begins with: those that are stored, or for what was never trained, drawn ones. */
function initialWeights(
  { untrained }: WordSizes,
  shapes: NamedShapes,
  stored: HostParameters,
  seed: number,
): HostParameters {
  if (untrained === undefined) return stored;
  const drawn = drawnWeights(shapes, seed);
  const isGiven = (name: string): boolean =>
    name.startsWith(LANGUAGE) || (untrained === 'beside words' && (name === EMBEDDING || name === FIXED_WORDS));
  return new Map([...stored].map(([name, tensor]) => [name, isGiven(name) ? tensor : (drawn.get(name) ?? tensor)]));
}

// Reads what configurations of networks of words share: the tables of words, and the network over characters.

const size = configSizes.others;
const width = z.int().check(
  z.gte(1),
  z.lte(99),
  z.refine((value) => value % 2 === 1, 'an odd width'),
);

/** How a word's characters become a vector. */
const characterNetworkSchema = z.discriminatedUnion('network', [
  /** Convolutions over the characters, an activation, and the largest value over the word, for each filter of each width. */
  z.strictObject({
    network: z.literal('cnn'),
    size,
    widths: z.array(width).check(z.minLength(1), z.maxLength(8)),
    filters: size,
    activation: z.enum(['tanh', 'relu']),
    /** Whether vectors of characters are dropped from, before the convolutions. */
    drops: z._default(z.boolean(), false),
  }),
  /** The last states of an LSTM in each direction. */
  z.strictObject({ network: z.literal('lstm'), size, hidden: size }),
]);
export type CharacterNetwork = z.output<typeof characterNetworkSchema>;

/** Which weights a run draws from its seed: a network that was never trained has none. */
const untrainedSchema = z.optional(z.enum(['all', 'beside words']));

/** Members of config.json. */
export const wordMembers = {
  word_size: size,
  trained_words: size,
  fixed_words: z.int().check(z.gte(0), z.lte(10_000_000)),
  characters: z.nullable(characterNetworkSchema),
  character_count: size,
  /** Language models over characters, whose states are part of a word's vector; absent without them. */
  language: z.optional(languageSchema),
  untrained: untrainedSchema,
};

/** What a network of words reads. */
export interface WordSizes extends EncoderSizes {
  readonly wordSize: number;
  /** Rows of the table that is trained, the first ones of the vocabulary, and of that whose vectors stay as they are given. */
  readonly trainedWords: number;
  readonly fixedWords: number;
  readonly characterNetwork: CharacterNetwork | null;
  readonly characterCount: number;
  /** Absent without language models over characters. */
  readonly language?: LanguageSizes;
  /** Absent once the weights are trained. */
  readonly untrained?: 'all' | 'beside words';
}

/** Returns sizes from the members; `layers`, `hiddenSize` and `innerSize` are those of the network above. */
export function wordSizes(
  file: z.output<z.ZodMiniObject<typeof wordMembers>>,
  above: Pick<EncoderSizes, 'layers' | 'hiddenSize' | 'innerSize' | 'activation'>,
): WordSizes {
  return {
    ...above,
    heads: 1,
    headSize: above.hiddenSize,
    vocabularySize: file.trained_words + file.fixed_words,
    layerNormEpsilon: 0,
    initializerRange: 0,
    wordSize: file.word_size,
    trainedWords: file.trained_words,
    fixedWords: file.fixed_words,
    characterNetwork: file.characters,
    characterCount: file.character_count,
    ...(file.language !== undefined && { language: file.language }),
    ...(file.untrained !== undefined && { untrained: file.untrained }),
  };
}

/** Width of a word's vector joined with those of its characters. */
export function representationSize({ wordSize, characterNetwork, language }: WordSizes): number {
  const joined = wordSize + languageSize({ language });
  if (characterNetwork === null) return joined;
  const { network } = characterNetwork;
  return (
    joined +
    (network === 'lstm' ? 2 * characterNetwork.hidden : characterNetwork.filters * characterNetwork.widths.length)
  );
}

/** Width of what both language models give for a word. */
export function languageSize({ language }: { readonly language?: LanguageSizes | undefined }): number {
  return language === undefined ? 0 : 2 * language.hidden;
}

// The vector of each token: that of its word, joined with one made of its characters.

/** The table of words whose vectors are not trained. */
export const FIXED_WORDS = `${EMBEDDING}.fixed`;
const CHARACTERS = `${EMBEDDING}.characters`;

/** Parameters of the representation: tables of words and characters, and the networks over characters. */
export function representationShapes(config: WordSizes): NamedShapes {
  const { trainedWords, fixedWords, wordSize, characterNetwork: network, characterCount, language } = config;
  return [
    [EMBEDDING, [trainedWords, wordSize]],
    ...(fixedWords === 0 ? [] : ([[FIXED_WORDS, [fixedWords, wordSize]]] as const)),
    ...(network === null ? [] : [[CHARACTERS, [characterCount, network.size]] as const, ...networkShapes(network)]),
    ...(language === undefined ? [] : languageShapes(language, characterCount)),
  ];
}

function networkShapes(network: CharacterNetwork): NamedShapes {
  if (network.network === 'lstm') return lstmShapes(`${CHARACTERS}.`, network.size, network.hidden);
  return network.widths.flatMap((width): NamedShapes => [
    [`${CHARACTERS}.${width}.kernel`, [width * network.size, network.filters]],
    [`${CHARACTERS}.${width}.bias`, [network.filters]],
  ]);
}

/** [B*T, e], with dropout; rows of padding hold arbitrary finite numbers. `language` are the vectors [B*T, 2h] of language models, if there are any. */
export function representation(
  batch: Batch,
  parameters: ReadonlyMap<string, tf.Tensor>,
  config: WordSizes,
  rates: DropoutRates,
  stream: DropoutStream | null,
  language: tf.Tensor2D | null = null,
): tf.Tensor2D {
  const { encoder: rate, words = 0, masks } = rates;
  const parts = [wordVectors(batch.pieceIds, parameters, config)];
  const { characterNetwork: network } = config;
  if (network !== null) {
    if (batch.characters === undefined) throw new Error('a batch without characters for a network that reads them');
    const drop = (x: tf.Tensor2D): tf.Tensor2D => dropout(x, rate, stream, -1, 'position');
    const spelled = characterVectors(batch.characters, parameters, network, drop);
    parts.push(tf.gather(spelled, tf.tensor1d(batch.characters.rows, 'int32')));
  }
  if (language !== null) parts.push(language);
  const joined = wordDropout(parts.length === 1 ? (parts[0] as tf.Tensor2D) : (tf.concat(parts, 1) as tf.Tensor2D), words, stream); // prettier-ignore
  if (masks === 'sequence') return lockedDropout(joined, batch.pieces, rate, stream, -1, 'embedding');
  return dropout(joined, rate, stream, -1, 'embedding');
}

/** Rows of two tables, one after the other in the vocabulary. */
function wordVectors(
  ids: Int32Array,
  parameters: ReadonlyMap<string, tf.Tensor>,
  { trainedWords, fixedWords }: WordSizes,
): tf.Tensor2D {
  const rows = (name: string, row: (id: number) => number): tf.Tensor2D =>
    tf.gather(parameter<tf.Tensor2D>(parameters, name), tf.tensor1d(ids.map(row), 'int32'));
  // Ids of padding can be those of rows that a small vocabulary lacks.
  const trained = rows(EMBEDDING, (id) => Math.min(id, trainedWords - 1));
  if (fixedWords === 0) return trained;
  const fixed = rows(FIXED_WORDS, (id) => Math.max(0, Math.min(id - trainedWords, fixedWords - 1)));
  const isTrained = tf.tensor2d(
    Float32Array.from(ids, (id) => (id < trainedWords ? 1 : 0)),
    [ids.length, 1],
  );
  return tf.add(tf.mul(trained, isTrained), tf.mul(fixed, tf.sub(1, isTrained)));
}

/** Dropout of vectors of characters: all occurrences of a word in a batch have the same mask. */
type Drop = (x: tf.Tensor2D) => tf.Tensor2D;

/** [W, f]; zeros for a word without characters. */
function characterVectors(
  characters: BatchCharacters,
  parameters: ReadonlyMap<string, tf.Tensor>,
  network: CharacterNetwork,
  drop: Drop,
): tf.Tensor2D {
  const { words, counts } = characters;
  const hasAny = tf.tensor2d(
    Float32Array.from(counts, (count) => Math.min(1, count)),
    [words, 1],
  );
  const vectors = network.network === 'cnn' ? convolved(characters, parameters, network, drop) : lastStates(characters, parameters, network); // prettier-ignore
  return tf.mul(vectors, hasAny);
}

function lastStates(
  { words, longest, ids, counts }: BatchCharacters,
  parameters: ReadonlyMap<string, tf.Tensor>,
  { hidden }: Extract<CharacterNetwork, { network: 'lstm' }>,
): tf.Tensor2D {
  const embedded = tf.gather(parameter<tf.Tensor2D>(parameters, CHARACTERS), tf.tensor1d(ids, 'int32'));
  const states = bidirectionalLstm(embedded, { size: words, padded: longest, counts }, parameters, `${CHARACTERS}.`);
  const [forward, backward] = tf.split(states, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  const at = (direction: tf.Tensor2D, position: (count: number) => number): tf.Tensor2D =>
    tf.gather(
      direction,
      tf.tensor1d(
        Int32Array.from(counts, (count, word) => word * longest + position(count)),
        'int32',
      ),
    );
  const ends = tf.concat([at(forward, (count) => Math.max(0, count - 1)), at(backward, () => 0)], 1);
  return tf.reshape(ends, [words, 2 * hidden]);
}

/** Far below every activation. */
const RULED_OUT = -1e9;

/** For each width and filter, the largest activation at the characters of a word, which has zeros around it. */
function convolved(
  { words: W, longest: C, ids, counts }: BatchCharacters,
  parameters: ReadonlyMap<string, tf.Tensor>,
  { widths, size, filters, activation, drops }: Extract<CharacterNetwork, { network: 'cnn' }>,
  drop: Drop,
): tf.Tensor2D {
  const table = parameter<tf.Tensor2D>(parameters, CHARACTERS);
  const isReal = Float32Array.from({ length: W * C }, (_, at) =>
    at % C < (counts[Math.floor(at / C)] as number) ? 1 : 0,
  );
  const gathered = tf.gather(table, tf.tensor1d(ids, 'int32'));
  const embedded = tf.mul(drops ? drop(gathered) : gathered, tf.tensor2d(isReal, [W * C, 1]));
  const excluded = tf.tensor3d(
    isReal.map((real) => (1 - real) * RULED_OUT),
    [W, C, 1],
  );
  const results = widths.map((width) => {
    const windows = slidingWindows(tf.reshape(embedded, [W, C, size]), (width - 1) / 2, width);
    const kernel = parameter<tf.Tensor2D>(parameters, `${CHARACTERS}.${width}.kernel`);
    const z = tf.add(tf.matMul(windows, kernel), parameter(parameters, `${CHARACTERS}.${width}.bias`));
    const active = activation === 'tanh' ? tf.tanh(z) : tf.relu(z);
    return largest(tf.add(tf.reshape(active, [W, C, filters]), excluded) as tf.Tensor3D);
  });
  return tf.concat(results, 1) as tf.Tensor2D;
}

/** Rows [B*S, w*d] of `width` neighbours each from x [B, T, d] with `margin` zeros on either side: S = T + 2 margin - width + 1. */
export function slidingWindows(x: tf.Tensor3D, margin: number, width: number): tf.Tensor2D {
  const [B, T, d] = x.shape;
  const padded = margin === 0 ? x : tf.pad3d(x, [[0, 0], [margin, margin], [0, 0]]); // prettier-ignore
  const S = T + 2 * margin - width + 1;
  const parts = Array.from({ length: width }, (_, offset) => tf.slice(padded, [0, offset, 0], [B, S, d]));
  return tf.reshape(tf.concat(parts, 2), [B * S, width * d]);
}

/** The largest [W, f] along the second dimension of x [W, C, f]. Equal ones share the gradient, which tfjs would give to each in full. */
function largest(x: tf.Tensor3D): tf.Tensor2D {
  const maximum = tf.customGrad((...values) => {
    const [input, save] = values as unknown as [tf.Tensor3D, (tensors: tf.Tensor[]) => void];
    const value = tf.max(input, 1) as tf.Tensor2D;
    save([input, value]);
    const gradFunc = (upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      tf.tidy(() => {
        const [before, found] = saved as [tf.Tensor3D, tf.Tensor2D];
        const isLargest = tf.cast(tf.equal(before, tf.expandDims(found, 1)), 'float32');
        return tf.mul(isLargest, tf.expandDims(tf.div(upstream, tf.sum(isLargest, 1)), 1));
      });
    return { value, gradFunc };
  });
  return maximum(x) as tf.Tensor2D;
}
