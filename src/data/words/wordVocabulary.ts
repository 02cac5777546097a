// Makes the vocabulary of words and characters of a model from corpora and word vectors, and says how much the vectors cover.
import type { Sentence } from '../corpus/corpus.ts';
import type { WordVectors } from './vectorCollector.ts';

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
