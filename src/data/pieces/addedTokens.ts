// Finds the added tokens of a tokenizer.json in text, with the results of Hugging Face's tokenizers.
import * as z from '../../util/zod.ts';
import type { Normalizer } from './normalizer.ts';
import { TextTrie } from './pieceModels.ts';
import { isWhiteSpace, isWordCharacter } from './unicodeClasses.ts';

/** A text that is one piece wherever it occurs, such as the name of a special. */
export const addedTokenSchema = z.pipe(
  z.looseObject({
    id: z.int().check(z.gte(0)),
    content: z.string(),
    single_word: z._default(z.boolean(), false),
    lstrip: z._default(z.boolean(), false),
    rstrip: z._default(z.boolean(), false),
    special: z._default(z.boolean(), false),
    normalized: z.optional(z.boolean()),
  }),
  z.transform((token) => ({ ...token, normalized: token.normalized ?? !token.special })),
);
export type AddedToken = z.infer<typeof addedTokenSchema>;

/** A part of a text: an added token with its id, or other text. */
interface TextSection {
  readonly id: number | null;
  readonly text: string;
}

/** Cuts the added tokens out of a text. */
export type AddedTokenFinder = (text: string) => readonly TextSection[];

/**
 * Builds the finders of the tokens that are looked for in the text as it comes, and of those looked for in the normalized text, where
 * they are normalized too. The longest token at the leftmost position counts. `skipsSpecials`: specials count as other text
 * (`split_special_tokens`).
 */
export function addedTokenFinders(
  tokens: readonly AddedToken[],
  normalize: Normalizer,
  skipsSpecials: boolean,
): { readonly inText: AddedTokenFinder; readonly inNormalized: AddedTokenFinder } {
  const named = tokens.filter(({ content }) => content !== '');
  return {
    inText: finder(named.filter(({ normalized }) => !normalized), (content) => content, skipsSpecials), // prettier-ignore
    inNormalized: finder(named.filter(({ normalized }) => normalized), normalize, skipsSpecials), // prettier-ignore
  };
}

function finder(
  tokens: readonly AddedToken[],
  patternOf: (content: string) => string,
  skipsSpecials: boolean,
): AddedTokenFinder {
  const byPattern = new Map(tokens.map((token, index) => [patternOf(token.content), index]));
  byPattern.delete('');
  if (byPattern.size === 0) return (text) => [{ id: null, text }];
  const trie = new TextTrie(byPattern);
  return (text) => {
    const sections: TextSection[] = [];
    let done = 0;
    for (let position = 0; position < text.length;) {
      const found = longestAt(trie, text, position);
      const token = found === null ? undefined : tokens[found.index];
      if (found === null || token === undefined) {
        position += 1;
        continue;
      }
      if (!(skipsSpecials && token.special) && !(token.single_word && isInWord(text, position, found.end))) {
        const start = token.lstrip ? Math.max(done, spaceStart(text, position)) : position;
        if (start > done) sections.push({ id: null, text: text.slice(done, start) });
        done = token.rstrip ? spaceEnd(text, found.end) : found.end;
        sections.push({ id: token.id, text: text.slice(start, done) });
      }
      position = found.end;
    }
    if (done < text.length) sections.push({ id: null, text: text.slice(done) });
    return sections;
  };
}

function longestAt(
  trie: TextTrie,
  text: string,
  start: number,
): { readonly index: number; readonly end: number } | null {
  let longest: { readonly index: number; readonly end: number } | null = null;
  for (let node = 0, end = start; end < text.length;) {
    node = trie.child(node, text.charCodeAt(end++));
    if (node < 0) break;
    const index = trie.idAt(node);
    if (index >= 0) longest = { index, end };
  }
  return longest;
}

/** Whether a letter, digit or connector precedes or follows. */
function isInWord(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  const after = text.slice(end, end + 2);
  return isWordCharacter(Array.from(before).at(-1) ?? '') || isWordCharacter(Array.from(after)[0] ?? '');
}

function spaceStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && isWhiteSpace(text.charAt(start - 1))) start -= 1;
  return start;
}

function spaceEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && isWhiteSpace(text.charAt(end))) end += 1;
  return end;
}
