// Treats each token as one piece, with its characters, for networks that read words.
import * as z from '../../util/zod.ts';
import type { PieceTokenizer } from './piece.ts';

/** The model of a tokenizer.json that the lab writes for networks of words: rows 0 and 1 are padding and unknown words. */
export const wordModelSchema = z.looseObject({
  type: z.literal('Words'),
  words: z.array(z.string()).check(z.minLength(2)),
  /** Of the characters from number 2 on; 0 is padding, 1 any other. */
  characters: z.array(z.string()),
  /** Characters of a token that are read. */
  longest: z.int().check(z.gte(1), z.lte(1000)),
});
export type WordModel = z.output<typeof wordModelSchema>;

const PADDING = 0;
const UNKNOWN = 1;

/** Content of a tokenizer.json. */
export function wordTokenizerFile(model: Omit<WordModel, 'type'>): Uint8Array<ArrayBuffer> {
  const content = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: null };
  return new TextEncoder().encode(JSON.stringify({ ...content, model: { type: 'Words', ...model } }));
}

/** Distinct tokens of which characters are saved before all are dropped. */
const CACHE_LIMIT = 200_000;

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
