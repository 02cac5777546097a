// Reads what configurations of networks of words share: the tables of words, and the network over characters.
import * as z from '../../../util/zod.ts';
import { configSizes, type EncoderSizes } from '../../config/encoderSizes.ts';
import { languageSchema, type LanguageSizes } from './languageModels.ts';

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
