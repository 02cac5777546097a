// Byte-level BPE, as RoBERTa and ModernBERT use it: bytes as letters, words by GPT-2's pattern, pairs merged by rank.
import * as z from '../../util/zod.ts';
import { LabError } from '../../util/labError.ts';
import type { Piece, PieceModel } from './piece.ts';

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
