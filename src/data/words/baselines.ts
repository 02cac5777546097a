// The networks of words that the lab makes from nothing, their vocabulary of words and characters, and the vectors collected for it.
import { shortened } from '../../util/wording.ts';
import * as z from '../../util/zod.ts';
import type { Sentence } from '../corpus/corpus.ts';
import type { ByteSource } from './byteSource.ts';

/** Names of the forms: the systems that the paper compares with, under the lab's own head. */
export const BASELINES = ['ma-hovy', 'lample', 'collabonet', 'crichton', 'hunflair'] as const;
export type BaselineName = (typeof BASELINES)[number];

/** A network as its paper describes it. */
export interface BaselineForm {
  readonly label: string;
  /** What the network is, and its source. */
  readonly description: string;
  /** Members of config.json beside those of the vocabulary. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Width of the vectors of words if none are given. */
  readonly wordSize: number;
  /** Whether vectors of words are trained on, and whether each is scaled to length 1 first. */
  readonly trainsWords: boolean;
  readonly hasUnitLength: boolean;
  /** Language models over characters, and how they are trained where none are given; absent where the network reads none. */
  readonly language?: { readonly size: number; readonly hidden: number; readonly epochs: number };
}

/** Language models over characters that a network is to read: trained here, or those of two files that flair saved. */
export type LanguageChoice =
  | { readonly hidden: number; readonly epochs: number }
  | { readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[] };

/** Of language models that are trained here: their LSTMs are computed step by step. */
export const MOST_LANGUAGE = { hidden: 2048, epochs: 1000 } as const;

export const baselineForms: Readonly<Record<BaselineName, BaselineForm>> = {
  'ma-hovy': {
    label: 'BiLSTM-CRF with a character CNN',
    description:
      'Ma and Hovy 2016: 30 filters over three characters, one LSTM of 200 in each direction. Words have 100 dimensions, or those of your file.',
    members: {
      model_type: 'bilstm',
      characters: { network: 'cnn', size: 30, widths: [3], filters: 30, activation: 'tanh', drops: true },
      lstm_size: 200,
      lstm_layers: 1,
      dense_size: null,
    },
    wordSize: 100,
    trainsWords: true,
    hasUnitLength: false,
  },
  lample: {
    label: 'BiLSTM-CRF with a character LSTM',
    description:
      'Lample et al. 2016: an LSTM of 25 over characters and one of 100 over words in each direction, then a tanh layer of 100. Words have 100 dimensions, or those of your file.',
    members: {
      model_type: 'bilstm',
      characters: { network: 'lstm', size: 25, hidden: 25 },
      lstm_size: 100,
      lstm_layers: 1,
      dense_size: 100,
    },
    wordSize: 100,
    trainsWords: true,
    hasUnitLength: false,
  },
  collabonet: {
    label: 'BiLSTM-CRF of CollaboNet',
    description:
      'Yoon et al. 2019, for the method CollaboNet and its single tasks: 200 filters over each of three, five and seven characters, one LSTM of 300 in each direction. Words have 200 dimensions, or those of your file.',
    members: {
      model_type: 'bilstm',
      characters: { network: 'cnn', size: 30, widths: [3, 5, 7], filters: 200, activation: 'relu' },
      lstm_size: 300,
      lstm_layers: 1,
      dense_size: null,
    },
    wordSize: 200,
    trainsWords: true,
    hasUnitLength: false,
  },
  crichton: {
    label: 'CNN over windows of words',
    description:
      'Crichton et al. 2017: windows of seven words, 100 filters of each of the widths 3, 4 and 5 at every place, a layer of 1,200. Vectors of words have length 1 and are not trained; without a file they are drawn (200 dimensions) and trained.',
    members: {
      model_type: 'window-cnn',
      characters: null,
      margin: 3,
      widths: [3, 4, 5],
      filters: 100,
      dense_size: 1200,
    },
    wordSize: 200,
    trainsWords: false,
    hasUnitLength: true,
  },
  hunflair: {
    label: 'BiLSTM-CRF over character language models',
    description:
      'HunFlair, Weber et al. 2021: language models over characters read each sentence forward and backward; their states are joined with vectors of words, none of which are trained, and mapped to one LSTM of 256 in each direction. Words have the dimensions of your file (fastText in HunFlair), or 100, drawn and trained.',
    members: {
      model_type: 'bilstm',
      characters: null,
      projects: true,
      lstm_size: 256,
      lstm_layers: 1,
      dense_size: null,
    },
    wordSize: 100,
    trainsWords: false,
    hasUnitLength: false,
    language: { size: 100, hidden: 256, epochs: 5 },
  },
};

// What config.json says of where a model's words are from.

const shareSchema = z.object({ types: z.number(), tokens: z.number() });
const coverageSchema = z.object({
  all: shareSchema,
  asSpelled: shareSchema,
  otherwiseSpelled: shareSchema,
  composed: shareSchema,
  without: shareSchema,
}) satisfies z.ZodMiniType<Coverage>;

/** What language models a network reads, in a sentence without its full stop. */
export function languageText({
  files,
  hidden,
  layers,
  characters,
  losses,
}: NonNullable<WordsOrigin['language']>): string {
  const size = `${layers} × ${hidden} units each, ${characters} characters`;
  if (files !== undefined) return `Language models over characters from ${files.join(' and ')}: ${size}`;
  const nats = (losses ?? []).map((loss) => loss.toFixed(3));
  return `Language models over characters, trained on the training text: ${size}; ${nats.at(-1) ?? '–'} nats a character after ${nats.length} epochs, ${nats[0] ?? '–'} after the first`;
}

/** What config.json says of where the words are from. */
export const wordsOriginSchema = z.object({
  corpora: z.array(z.string()),
  /** Null where no vectors were given. */
  vectors: z.nullable(
    z.object({
      file: z.string(),
      format: z.string(),
      dimensions: z.number(),
      /** In the file. */
      words: z.number(),
      coverage: coverageSchema,
    }),
  ),
  /** Language models over characters; absent where the network reads none. */
  language: z.optional(
    z.object({
      /** Names of the files they were imported from; absent where they were trained here. */
      files: z.optional(z.array(z.string())),
      hidden: z.number(),
      layers: z.number(),
      characters: z.number(),
      /** Mean cross-entropy of a character after each epoch of training here, in nats. */
      losses: z.optional(z.array(z.number())),
    }),
  ),
});
export type WordsOrigin = z.output<typeof wordsOriginSchema>;

// Makes the vocabulary of words and characters of a model from corpora and word vectors, and says how much the vectors cover.

/** The text that a vocabulary is made for. */
export interface VocabularyText {
  readonly train: readonly (readonly Sentence[])[];
  /** Devel and test text: its words get rows if there are vectors for them, and nothing else of it counts. */
  readonly others: readonly (readonly Sentence[])[];
}

/** How often each token occurs. */
export type TokenCounts = ReadonlyMap<string, number>;

export function countTokens(corpora: readonly (readonly Sentence[])[]): TokenCounts {
  const counts = new Map<string, number>();
  for (const sentences of corpora) {
    for (const { tokens } of sentences) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return counts;
}

/** The spellings under which a token is looked up, in order: as it is, in lower case, and that with every digit as 0. */
export function spellingsOf(token: string): readonly string[] {
  const lower = token.toLowerCase();
  return [...new Set([token, lower, lower.replace(/\p{Nd}/gu, '0')])];
}

/** All spellings of the tokens, which a file of vectors may have. */
export function spellingsIn(counts: readonly TokenCounts[]): ReadonlySet<string> {
  const spellings = new Set<string>();
  for (const tokens of counts)
    for (const token of tokens.keys()) for (const form of spellingsOf(token)) spellings.add(form);
  return spellings;
}

/** Distinct tokens, and tokens of running text. */
interface Share {
  readonly types: number;
  readonly tokens: number;
}

/** How the tokens of all splits are found among the vectors. */
export interface Coverage {
  readonly all: Share;
  readonly asSpelled: Share;
  /** In lower case, or with digits as 0. */
  readonly otherwiseSpelled: Share;
  /** Made from n-grams. */
  readonly composed: Share;
  readonly without: Share;
}

type Hit = Exclude<keyof Coverage, 'all'>;

interface FoundVector {
  readonly hit: Hit;
  readonly vector: Float32Array | null;
}

/** Finds the vector of a token: by its spellings in order, then from n-grams. */
function vectorOf(token: string, given: WordVectors | null): FoundVector {
  const spellings = spellingsOf(token);
  for (const [index, spelling] of spellings.entries()) {
    const vector = given?.vectors.get(spelling);
    if (vector !== undefined) return { hit: index === 0 ? 'asSpelled' : 'otherwiseSpelled', vector };
  }
  const composed = given?.composed.get(token);
  return composed === undefined ? { hit: 'without', vector: null } : { hit: 'composed', vector: composed };
}

export interface WordVocabulary {
  /** The word of each row; rows 0 and 1 are those of padding and of unknown words. */
  readonly words: readonly string[];
  /** The vector given for each row; null where there is none. */
  readonly given: readonly (Float32Array | null)[];
  /** Rows from 0 that are trained; the vectors of the others stay as they are. */
  readonly trained: number;
  /** The character of each number from 2 on; 0 is padding, 1 any other. */
  readonly characters: readonly string[];
  /** Null without vectors. */
  readonly coverage: Coverage | null;
}

/** Names of the rows that belong to no word. Tokens have no spaces, so that none can be one of them. */
export const PADDING_WORD = ' padding';
export const UNKNOWN_WORD = ' unknown';

/** A word or character that occurs once in training text, without a vector, is unknown: so the row for unknown words is trained. */
const FEWEST = 2;

/**
 * Rows: words of the training text with a vector or at least two occurrences, the most frequent first; then words of the other text and
 * first words of the file that have a vector. The former are trained if `trainsWords`, or if there are no vectors; if not, they need one, too.
 */
export function wordVocabulary(
  counts: { readonly train: TokenCounts; readonly others: TokenCounts },
  given: WordVectors | null,
  trainsWords: boolean,
): WordVocabulary {
  const isTrained = trainsWords || given === null;
  const rows = new Map<string, Float32Array | null>();
  const add = (word: string, vector: Float32Array | null): void => void (rows.has(word) || rows.set(word, vector));
  for (const [token, count] of byFrequency(counts.train)) {
    const { vector } = vectorOf(token, given);
    if (vector !== null || (isTrained && count >= FEWEST)) add(token, vector);
  }
  const ofTraining = rows.size;
  for (const [token] of byFrequency(counts.others)) {
    const { vector } = vectorOf(token, given);
    if (vector !== null) add(token, vector);
  }
  for (const [word, vector] of given?.vectors ?? []) add(word, vector);
  return {
    words: [PADDING_WORD, UNKNOWN_WORD, ...rows.keys()],
    given: [null, null, ...rows.values()],
    trained: 2 + (isTrained ? ofTraining : 0),
    characters: charactersOf(counts.train),
    coverage: given && coverageOf(counts, given),
  };
}

/** The most frequent first, equally frequent ones in code-unit order. */
function byFrequency(counts: TokenCounts): readonly (readonly [string, number])[] {
  return [...counts].sort(([left, a], [right, b]) => b - a || (left < right ? -1 : 1));
}

function charactersOf(counts: TokenCounts): readonly string[] {
  const characters = new Map<string, number>();
  for (const [token, count] of counts) {
    for (const character of token) characters.set(character, (characters.get(character) ?? 0) + count);
  }
  return byFrequency(characters).flatMap(([character, count]) => (count >= FEWEST ? [character] : []));
}

function coverageOf(
  counts: { readonly train: TokenCounts; readonly others: TokenCounts },
  given: WordVectors,
): Coverage {
  const empty = (): { types: number; tokens: number } => ({ types: 0, tokens: 0 });
  const found = { all: empty(), asSpelled: empty(), otherwiseSpelled: empty(), composed: empty(), without: empty() };
  const types = new Set([...counts.train.keys(), ...counts.others.keys()]);
  for (const token of types) {
    const count = (counts.train.get(token) ?? 0) + (counts.others.get(token) ?? 0);
    for (const share of [found.all, found[vectorOf(token, given).hit]]) {
      share.types += 1;
      share.tokens += count;
    }
  }
  return found;
}

// Collects the vectors of wanted words from a file as it passes by.

/** What is to be taken from a file. */
export interface WantedWords {
  /** As they are spelled in the file. */
  readonly words: ReadonlySet<string>;
  /** Takes this many of the first words, too: files begin with the most frequent ones. */
  readonly first: number;
}

export interface WordVectors {
  readonly format: 'word2vec binary' | 'word2vec or fastText text' | 'GloVe text' | 'fastText model';
  readonly dimensions: number;
  /** Words that the file has in all. */
  readonly fileWords: number;
  /** Vectors [dimensions] of the wanted words that the file has, in the order of the file. Of a repeated word, the first. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** Vectors of wanted words that the file lacks, made from the n-grams of a fastText model; empty in other formats. */
  readonly composed: ReadonlyMap<string, Float32Array>;
}

/** A reader that yields now and then. */
export type VectorReading = AsyncGenerator<void, WordVectors>;

/** Words read between two moments at which reading can be stopped. */
export const WORDS_A_TURN = 4096;

/** In bytes. */
export const LONGEST_WORD = 10_000;

/** Collects the vectors of wanted words. */
export class VectorCollector {
  readonly vectors = new Map<string, Float32Array>();
  private readonly wanted: WantedWords;
  private readonly source: ByteSource;

  constructor(source: ByteSource, wanted: WantedWords) {
    this.source = source;
    this.wanted = wanted;
  }

  /** Whether the word at `rank` (from 0) is to be read. */
  takes(word: string, rank: number): boolean {
    return (rank < this.wanted.first || this.wanted.words.has(word)) && !this.vectors.has(word);
  }

  /** Throws like `finite`. */
  add(word: string, vector: Float32Array): void {
    this.vectors.set(word, this.finite(word, vector));
  }

  /** Returns the vector. Throws LabError `vectors/damaged` for a number that is not finite. */
  finite(word: string, vector: Float32Array): Float32Array {
    if (vector.every(Number.isFinite)) return vector;
    throw this.source.damaged(`the vector of “${shortened(word)}” with a number that is not finite`, 'finite numbers');
  }
}

/** Copies little-endian float32 numbers from any position. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(4 * index, true));
}
