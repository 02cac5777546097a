// Declares vocabularies and tokenizers, and cuts words into pieces: Unigram as SentencePiece does, WordPiece, byte-level BPE, or a word a piece.
import { LabError } from '../../util/labError.ts';
import * as z from '../../util/zod.ts';

/** A piece of a word, with the text of the word that it covers; of text given as bytes, the last piece has it all. */
export interface Piece {
  readonly id: number;
  readonly text: string;
}

/** A vocabulary with its way to cut words. */
export interface PieceModel {
  readonly encode: (word: string) => readonly Piece[];
  readonly idOf: (piece: string) => number | undefined;
  /** Number of different pieces. */
  readonly size: number;
  readonly largestId: number;
}

/** Piece ids of the specials in the encoder input. */
export interface SpecialPieces {
  readonly unk: number;
  readonly sep: number;
  readonly cls: number;
  readonly pad: number;
}

/** Maps tokens to piece ids. Every token gives at least one piece: `<unk>` if the vocabulary has nothing for it. */
export interface PieceTokenizer {
  /** Returns the piece ids of one token encoded separately, as in the released code (create_data.py). */
  encodeToken(token: string): readonly number[];
  /** Returns the piece ids of each token when the tokens are joined by single spaces and encoded together. */
  encodeSentence(tokens: readonly string[]): readonly (readonly number[])[];
  readonly specials: SpecialPieces;
  /** Rows needed in the word embedding: the largest piece id plus one. */
  readonly vocabularySize: number;
  /** Present where a token is one piece, of which the network reads the characters, too. */
  readonly characters?: CharacterNumbers;
}

export interface CharacterNumbers {
  /** One more than the largest number; 0 is padding. */
  readonly count: number;
  /** Numbers of a token's characters, at least one for a token that has any. */
  readonly spell: (token: string) => Int32Array;
}

// Byte-level BPE, as RoBERTa and ModernBERT use it: bytes as letters, words by GPT-2's pattern, pairs merged by rank.

/** Longer words are refused: merging takes time by the square of the length. */
const LONGEST_WORD = 20_000;

const absent = z.optional(z.union([z.null(), z.literal('')]));

/** The `model` of a tokenizer.json; merges are pairs, or in early versions texts with a space between. */
export const bytePairSchema = z.looseObject({
  type: z.literal('BPE'),
  vocab: z.record(z.string(), z.int().check(z.gte(0))),
  merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  unk_token: z.nullish(z.string()),
  dropout: z.optional(z.union([z.null(), z.literal(0)])),
  continuing_subword_prefix: absent,
  end_of_word_suffix: absent,
  byte_fallback: z.optional(z.literal(false)),
  ignore_merges: z._default(z.boolean(), false),
});

/** GPT-2's table of a letter for each byte: printable bytes are themselves, the others come from 256 on. */
const letters = byteLetters();

function byteLetters(): readonly string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

const encoder = new TextEncoder();

/** The letters of a text's bytes in UTF-8. */
export function byteText(text: string): string {
  let result = '';
  for (const byte of encoder.encode(text)) result += letters[byte] ?? '';
  return result;
}

const whiteSpace = new Set([9, 10, 11, 12, 13, 32].map((byte) => letters[byte]));

/** A text of byte letters without those of ASCII's white space, which no other character has among its bytes. */
export function visibleBytes(text: string): string {
  return Array.from(text).filter((letter) => !whiteSpace.has(letter)).join(''); // prettier-ignore
}

/** GPT-2's pattern: contractions, letters, numbers and other signs with a space before, and white space. */
export const wordPattern =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Throws LabError `tokenizer/format` for a merge of pieces that the vocabulary lacks. */
export function bytePairs(data: z.output<typeof bytePairSchema>): PieceModel {
  const ids = new Map(Object.entries(data.vocab));
  const ranks = new Map<string, number>();
  for (const [rank, merge] of data.merges.entries()) {
    const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge;
    for (const piece of [left, right, left + right]) if (!ids.has(piece)) throw unknownMerge(left, right, piece);
    const pair = `${left} ${right}`;
    if (!ranks.has(pair)) ranks.set(pair, rank);
  }
  const unknown = data.unk_token == null ? undefined : ids.get(data.unk_token);
  const rankOf = (parts: readonly string[], index: number): number =>
    ranks.get(`${parts[index] ?? ''} ${parts[index + 1] ?? ''}`) ?? Infinity;

  /** Merges the pair of the lowest rank, the leftmost of several, until no pair has a rank. */
  const merged = (word: string): readonly string[] => {
    const parts = Array.from(word).filter((letter) => ids.has(letter) || unknown !== undefined);
    const found = parts.map((_, index) => (index + 1 < parts.length ? rankOf(parts, index) : Infinity));
    for (;;) {
      const rank = found.reduce((least, one) => Math.min(least, one), Infinity);
      if (rank === Infinity) return parts;
      const index = found.indexOf(rank);
      parts.splice(index, 2, (parts[index] ?? '') + (parts[index + 1] ?? ''));
      found.splice(index, 1);
      for (const changed of [index - 1, index]) {
        if (changed >= 0) found[changed] = changed + 1 < parts.length ? rankOf(parts, changed) : Infinity;
      }
    }
  };
  const encode = (word: string): readonly Piece[] => {
    if (word.length > LONGEST_WORD) {
      throw new LabError('tokenizer/long-text', 'A word is too long for the merges of tokenizer.json.', {
        expected: `at most ${LONGEST_WORD} bytes`,
        got: `${word.length} bytes`,
      });
    }
    const whole = data.ignore_merges ? ids.get(word) : undefined;
    if (whole !== undefined) return [{ id: whole, text: word }];
    return merged(word).map((text) => ({ id: ids.get(text) ?? (unknown as number), text }));
  };
  const largestId = [...ids.values()].reduce((largest, id) => Math.max(largest, id), 0);
  return { encode, idOf: (piece) => ids.get(piece), size: ids.size, largestId };
}

function unknownMerge(left: string, right: string, piece: string): LabError {
  return new LabError('tokenizer/format', 'tokenizer.json cannot be used: it merges pieces that it does not list.', {
    expected: `the piece ${piece} in the vocabulary, for the merge of ${left} and ${right}`,
    got: 'no such piece',
  });
}

// Cuts words into pieces of a vocabulary: Unigram, as SentencePiece does, WordPiece, and byte-level BPE.

/** Files of early versions leave the type out: only Unigram has a list of pieces. */
function withType(model: unknown): unknown {
  if (typeof model !== 'object' || model === null || 'type' in model) return model;
  const isList = 'vocab' in model && Array.isArray(model.vocab);
  if (isList) return { ...model, type: 'Unigram' };
  if ('merges' in model) return { ...model, type: 'BPE' };
  return 'max_input_chars_per_word' in model ? { ...model, type: 'WordPiece' } : model;
}

/** The model of a tokenizer.json that the lab writes for networks of words: rows 0 and 1 are padding and unknown words. */
export const wordModelSchema = z.looseObject({
  type: z.literal('Words'),
  words: z.array(z.string()).check(z.minLength(2)),
  /** Of the characters from number 2 on; 0 is padding, 1 any other. */
  characters: z.array(z.string()),
  /** Characters of a token that are read. */
  longest: z.int().check(z.gte(1), z.lte(1000)),
});

const typedModelSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('Unigram'),
    unk_id: z.int().check(z.gte(0)),
    vocab: z.array(z.tuple([z.string(), z.number()])).check(z.minLength(1)),
    byte_fallback: z._default(z.boolean(), false),
  }),
  z.looseObject({
    type: z.literal('WordPiece'),
    unk_token: z.string(),
    continuing_subword_prefix: z._default(z.string(), '##'),
    max_input_chars_per_word: z._default(z.int().check(z.gte(0)), 100),
    vocab: z.record(z.string(), z.int().check(z.gte(0))),
  }),
  bytePairSchema,
  wordModelSchema,
]);
export const pieceModelSchema = z.pipe(z.transform(withType), typedModelSchema);
type ModelData = Exclude<z.infer<typeof typedModelSchema>, { type: 'Words' }>;

/** Throws LabError `tokenizer/format` if the unknown piece is not among the pieces, or a merge has a piece that is not. */
export function readPieceModel(data: ModelData): PieceModel {
  if (data.type === 'BPE') return bytePairs(data);
  return data.type === 'Unigram' ? unigram(data) : wordPiece(data);
}

/** A character without a piece scores so much less than the worst piece. */
const UNKNOWN_PENALTY = 10;

function unigram(data: Extract<ModelData, { type: 'Unigram' }>): PieceModel {
  const { vocab, unk_id: unknown, byte_fallback: hasBytes } = data;
  if (unknown >= vocab.length) throw noUnknown(`number ${unknown} of ${vocab.length}`);
  const ids = new Map(vocab.map(([piece], id) => [piece, id]));
  const trie = new TextTrie(ids);
  const scores = Float64Array.from(vocab, ([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;

  /** Finds the best cut: for each end, the id and start of the last piece of the best cut up to there. */
  const bestCut = (word: string): { readonly bestIds: Int32Array; readonly starts: Int32Array } => {
    const bestIds = new Int32Array(word.length + 1);
    const starts = new Int32Array(word.length + 1).fill(-1);
    const best = new Float64Array(word.length + 1);
    const offer = (start: number, end: number, id: number, score: number): void => {
      if (starts[end] !== -1 && score <= (best[end] as number)) return;
      best[end] = score;
      starts[end] = start;
      bestIds[end] = id;
    };
    for (let start = 0; start < word.length;) {
      const next = start + ((word.codePointAt(start) as number) > 0xffff ? 2 : 1);
      let hasSingle = false;
      for (let node = 0, end = start; end < word.length;) {
        node = trie.child(node, word.charCodeAt(end++));
        if (node < 0) break;
        const id = trie.idAt(node);
        if (id < 0) continue;
        offer(start, end, id, (scores[id] as number) + (best[start] as number));
        if (end === next) hasSingle = true;
      }
      if (!hasSingle) offer(start, next, unknown, unknownScore + (best[start] as number));
      start = next;
    }
    return { bestIds, starts };
  };

  const encode = (word: string): readonly Piece[] => {
    const { bestIds, starts } = bestCut(word);
    const cuts: { id: number; start: number; end: number }[] = [];
    for (let end = word.length; end > 0; end = starts[end] as number) {
      const cut = { id: bestIds[end] as number, start: starts[end] as number, end };
      const after = cuts.at(-1);
      // Consecutive unknown characters are one piece.
      if (cut.id === unknown && after?.id === unknown) after.start = cut.start;
      else cuts.push(cut);
    }
    return cuts.reverse().flatMap(({ start, end }) => {
      const text = word.slice(start, end);
      const id = ids.get(text);
      if (id !== undefined) return [{ id, text }];
      return (hasBytes ? bytePieces(text, ids) : null) ?? [{ id: unknown, text }];
    });
  };
  return { encode, idOf: (piece) => ids.get(piece), size: ids.size, largestId: vocab.length - 1 };
}

/** The pieces of a text's bytes; null if the vocabulary lacks one. */
function bytePieces(text: string, ids: ReadonlyMap<string, number>): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const id = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    if (id === undefined) return null;
    pieces.push({ id, text: '' });
  }
  return pieces.map((piece, index) => (index < pieces.length - 1 ? piece : { ...piece, text }));
}

/** Texts with their ids, found by walking from UTF-16 unit to unit. */
export class TextTrie {
  /** Node after a node and a unit, by `node * 65536 + unit`. */
  private readonly children = new Map<number, number>();
  private readonly ids: number[] = [-1];

  constructor(texts: ReadonlyMap<string, number>) {
    for (const [text, id] of texts) {
      let node = 0;
      for (let index = 0; index < text.length; index++) {
        const key = node * 0x10000 + text.charCodeAt(index);
        const known = this.children.get(key);
        node = known ?? this.ids.length;
        if (known !== undefined) continue;
        this.children.set(key, node);
        this.ids.push(-1);
      }
      if (text !== '') this.ids[node] = id;
    }
  }

  /** Returns -1 where no text continues. */
  child(node: number, unit: number): number {
    return this.children.get(node * 0x10000 + unit) ?? -1;
  }

  /** Returns the id of the text that ends at a node; -1 if none does. */
  idAt(node: number): number {
    return this.ids[node] ?? -1;
  }
}

function wordPiece(data: Extract<ModelData, { type: 'WordPiece' }>): PieceModel {
  const { continuing_subword_prefix: prefix, max_input_chars_per_word: longestWord } = data;
  const ids = new Map(Object.entries(data.vocab));
  const unknown = ids.get(data.unk_token);
  if (unknown === undefined) throw noUnknown(data.unk_token);
  const [longestPiece, largestId] = [...ids].reduce(
    ([longest, largest], [piece, id]) => [Math.max(longest, piece.length), Math.max(largest, id)],
    [0, 0],
  );
  const encode = (word: string): readonly Piece[] => {
    const whole = [{ id: unknown, text: word }];
    const characters = Array.from(word);
    if (characters.length > longestWord) return whole;
    const pieces: Piece[] = [];
    for (let start = 0; start < characters.length;) {
      let found: Piece | null = null;
      let end = Math.min(characters.length, start + longestPiece);
      for (; end > start && found === null; end--) {
        const text = characters.slice(start, end).join('');
        const id = ids.get(start > 0 ? prefix + text : text);
        if (id !== undefined) found = { id, text };
      }
      if (found === null) return whole;
      pieces.push(found);
      start = end + 1;
    }
    return pieces;
  };
  return { encode, idOf: (piece) => ids.get(piece), size: ids.size, largestId };
}

function noUnknown(got: string): LabError {
  return new LabError('tokenizer/format', 'tokenizer.json has no piece for unknown text.', {
    expected: 'an unknown piece that is in the vocabulary',
    got,
  });
}

// Treats each token as one piece, with its characters, for networks that read words.

export type WordModel = z.output<typeof wordModelSchema>;

/** Distinct tokens cached before the cache is cleared: more than any of the 15 public corpora has. */
export const CACHE_LIMIT = 200_000;

const PADDING = 0;

const UNKNOWN = 1;

/** Content of a tokenizer.json. */
export function wordTokenizerFile(model: Omit<WordModel, 'type'>): Uint8Array<ArrayBuffer> {
  const content = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: null };
  return new TextEncoder().encode(JSON.stringify({ ...content, model: { type: 'Words', ...model } }));
}

/**
 * Looks a token up as it is spelled, then in lower case, then that with every digit as 0, and else it is unknown; its characters are those of
 * the text. No specials surround a sequence.
 */
export function wordTokenizer(model: WordModel, { lowerCase }: { readonly lowerCase: boolean }): PieceTokenizer {
  const rows = new Map(model.words.map((word, row) => [word, row]));
  const numbers = new Map(model.characters.map((character, index) => [character, index + 2]));
  const text = (token: string): string => (lowerCase ? token.toLowerCase() : token);
  const rowOf = (token: string): number => {
    const lower = token.toLowerCase();
    return rows.get(token) ?? rows.get(lower) ?? rows.get(lower.replace(/\p{Nd}/gu, '0')) ?? UNKNOWN;
  };
  const encodeToken = (token: string): readonly number[] => [rowOf(text(token))];
  const spelled = new Map<string, Int32Array>();
  const spell = (token: string): Int32Array => {
    const known = spelled.get(token);
    if (known !== undefined) return known;
    const found = Int32Array.from(
      Array.from(text(token)).slice(0, model.longest),
      (character) => numbers.get(character) ?? UNKNOWN,
    );
    if (spelled.size >= CACHE_LIMIT) spelled.clear();
    spelled.set(token, found);
    return found;
  };
  return {
    encodeToken,
    encodeSentence: (tokens) => tokens.map(encodeToken),
    specials: { unk: UNKNOWN, sep: PADDING, cls: PADDING, pad: PADDING },
    vocabularySize: model.words.length,
    characters: { count: model.characters.length + 2, spell },
  };
}
