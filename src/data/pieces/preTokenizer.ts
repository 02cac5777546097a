// Splits text into words before pieces are cut: at added tokens, then as the pre-tokenizer says, with the results of Hugging Face's tokenizers.
import { LabError } from '../../util/labError.ts';
import * as z from '../../util/zod.ts';
import { nameOf, patternSchema, type Normalizer } from './normalizer.ts';
import { matchFinder, type MatchFinder } from './patterns.ts';
import { byteText, TextTrie, wordPattern } from './pieceModels.ts';
import { isWhiteSpace, isWordCharacter, punctuation } from './unicodeClasses.ts';

/** A part of the text that a model encodes by itself. */
interface Word {
  readonly text: string;
  /** Whether it begins where the whole text begins. */
  readonly isFirst: boolean;
}

/** Splits words further. */
export type PreTokenizer = (words: readonly Word[]) => readonly Word[];

const behaviorSchema = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']);
type SplitBehavior = z.infer<typeof behaviorSchema>;
const oneCharacter = z.string().check(z.refine((text) => Array.from(text).length === 1, 'not one character'));

const stepSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('BertPreTokenizer') }),
  z.looseObject({
    type: z.literal('ByteLevel'),
    add_prefix_space: z._default(z.boolean(), true),
    use_regex: z._default(z.boolean(), true),
  }),
  z.looseObject({ type: z.literal('CharDelimiterSplit'), delimiter: oneCharacter }),
  z.looseObject({ type: z.literal('Digits'), individual_digits: z._default(z.boolean(), false) }),
  z.looseObject({ type: z.literal('FixedLength'), length: z._default(z.int().check(z.gte(1)), 5) }),
  z.looseObject({
    type: z.literal('Metaspace'),
    replacement: oneCharacter,
    prepend_scheme: z._default(z.enum(['always', 'first', 'never']), 'always'),
    add_prefix_space: z._default(z.boolean(), true),
    split: z.nullish(z.boolean()),
  }),
  z.looseObject({ type: z.literal('Punctuation'), behavior: z._default(behaviorSchema, 'Isolated') }),
  z.looseObject({ type: z.literal('Sequence'), pretokenizers: z.array(z.unknown()).check(z.maxLength(100)) }),
  z.looseObject({
    type: z.literal('Split'),
    pattern: patternSchema,
    behavior: behaviorSchema,
    invert: z._default(z.boolean(), false),
  }),
  z.looseObject({ type: z.literal('Whitespace') }),
  z.looseObject({ type: z.literal('WhitespaceSplit') }),
]);

/**
 * Builds the function for the `pre_tokenizer` of a tokenizer.json; null is one that splits nothing. Throws LabError
 * `tokenizer/format` for a type or setting that the lab does not know.
 */
export function readPreTokenizer(preTokenizer: unknown): PreTokenizer {
  if (preTokenizer === null) return (words) => words;
  const parsed = stepSchema.safeParse(preTokenizer);
  if (parsed.success) return stepOf(parsed.data);
  const [issue] = parsed.error.issues;
  throw new LabError(
    'tokenizer/format',
    'tokenizer.json cannot be used: its pre-tokenizer is not one this lab can run.',
    {
      expected: `a type of pre-tokenizer among ${stepSchema.def.options.map(({ shape }) => shape.type.def.values[0]).join(', ')}`,
      got: `${nameOf(preTokenizer)}: at ${issue?.path.join('.') || 'the top'}: ${issue?.message ?? 'invalid'}`,
    },
  );
}

function stepOf(data: z.infer<typeof stepSchema>): PreTokenizer {
  switch (data.type) {
    case 'BertPreTokenizer': {
      const words = splitting(characters(isWhiteSpace), 'Removed');
      const marks = splitting(characters(isPunctuation), 'Isolated');
      return (before) => marks(words(before));
    }
    case 'ByteLevel':
      return byteLevel(data);
    case 'CharDelimiterSplit':
      return splitting(
        characters((character) => character === data.delimiter),
        'Removed',
      );
    case 'Digits':
      return splitting(characters(isNumeric), data.individual_digits ? 'Isolated' : 'Contiguous');
    case 'FixedLength':
      return splitting(pieces(data.length), 'Isolated');
    case 'Metaspace':
      return metaspace(data);
    case 'Punctuation':
      return splitting(characters(isPunctuation), data.behavior);
    case 'Sequence': {
      const steps = data.pretokenizers.map(readPreTokenizer);
      return (words) => steps.reduce((before, step) => step(before), words);
    }
    case 'Split':
      return splitting(matchFinder(data.pattern), data.behavior, data.invert);
    case 'Whitespace':
      return splitting(
        runs((character) => (isWhiteSpace(character) ? null : isWordCharacter(character))),
        'Removed',
        true,
      );
    case 'WhitespaceSplit':
      return splitting(characters(isWhiteSpace), 'Removed');
  }
}

const isPunctuation = (character: string): boolean => punctuation.test(character);
const isNumeric = (character: string): boolean => /^\p{N}$/u.test(character);

/** Finds the characters of a kind, each by itself. */
function characters(isOfKind: (character: string) => boolean): MatchFinder {
  return (text) => {
    const found: [number, number][] = [];
    let position = 0;
    for (const character of text) {
      if (isOfKind(character)) found.push([position, position + character.length]);
      position += character.length;
    }
    return found;
  };
}

/** Finds the longest runs of characters of the same kind, except those of kind null. */
function runs(kindOf: (character: string) => boolean | null): MatchFinder {
  return (text) => {
    const found: { start: number; end: number; kind: boolean }[] = [];
    let position = 0;
    for (const character of text) {
      const kind = kindOf(character);
      const end = position + character.length;
      const last = found.at(-1);
      if (last !== undefined && last.end === position && last.kind === kind) last.end = end;
      else if (kind !== null) found.push({ start: position, end, kind });
      position = end;
    }
    return found.map(({ start, end }) => [start, end] as const);
  };
}

/** Finds consecutive pieces of a number of characters. */
function pieces(length: number): MatchFinder {
  return (text) => {
    const found: [number, number][] = [];
    let position = 0;
    let count = 0;
    for (const character of text) {
      if (count++ % length === 0) found.push([position, position]);
      position += character.length;
      const last = found.at(-1);
      if (last !== undefined) last[1] = position;
    }
    return found;
  };
}

interface Part {
  start: number;
  end: number;
  readonly isMatch: boolean;
}

/** Splits words at the matches; inverted, at what is between them. */
function splitting(find: MatchFinder, behavior: SplitBehavior, isInverted = false): PreTokenizer {
  return (words) =>
    words.flatMap(({ text, isFirst }) => {
      const parts: Part[] = [];
      let position = 0;
      for (const [start, end] of [...find(text), [text.length, text.length] as const]) {
        if (start > position) parts.push({ start: position, end: start, isMatch: isInverted });
        if (end > start) parts.push({ start, end, isMatch: !isInverted });
        position = end;
      }
      return arranged(parts, behavior).map(({ start, end }) => ({
        text: text.slice(start, end),
        isFirst: isFirst && start === 0,
      }));
    });
}

function arranged(parts: readonly Part[], behavior: SplitBehavior): readonly Part[] {
  switch (behavior) {
    case 'Isolated':
      return parts;
    case 'Removed':
      return parts.filter(({ isMatch }) => !isMatch);
    case 'Contiguous':
      return merged(parts, (part, before) => part.isMatch === before);
    case 'MergedWithPrevious':
      return merged(parts, (part, before) => part.isMatch && !before);
    case 'MergedWithNext':
      return merged(parts.toReversed(), (part, before) => part.isMatch && !before).toReversed();
  }
}

/** Joins a part to the one before where `joins` says so, given whether the part before was a match. */
function merged(parts: readonly Part[], joins: (part: Part, isMatchBefore: boolean) => boolean): Part[] {
  const result: Part[] = [];
  let isMatchBefore = false;
  for (const part of parts) {
    const last = result.at(-1);
    if (last !== undefined && joins(part, isMatchBefore)) {
      last.start = Math.min(last.start, part.start);
      last.end = Math.max(last.end, part.end);
    } else {
      result.push({ ...part });
    }
    isMatchBefore = part.isMatch;
  }
  return result;
}

/** Splits by GPT-2's pattern, and writes the bytes of each word as letters. */
function byteLevel(data: Extract<z.infer<typeof stepSchema>, { type: 'ByteLevel' }>): PreTokenizer {
  const split = splitting(
    (text) => [...text.matchAll(wordPattern)].map((match) => [match.index, match.index + match[0].length] as const),
    'Isolated',
  );
  return (words) => {
    const prefixed = words.map((word) => {
      const isPrefixed = data.add_prefix_space && !word.text.startsWith(' ');
      return isPrefixed ? { ...word, text: ` ${word.text}` } : word;
    });
    return (data.use_regex ? split(prefixed) : prefixed).map((word) => ({ ...word, text: byteText(word.text) }));
  };
}

/** Whether a pre-tokenizer writes bytes as letters, alone or as a step of a sequence. */
export function isByteLevel(preTokenizer: unknown): boolean {
  const parsed = stepSchema.safeParse(preTokenizer).data;
  if (parsed?.type === 'Sequence') return parsed.pretokenizers.some(isByteLevel);
  return parsed?.type === 'ByteLevel';
}

/** Writes spaces as the word mark, puts one before words, and splits before each of them. */
function metaspace(data: Extract<z.infer<typeof stepSchema>, { type: 'Metaspace' }>): PreTokenizer {
  const { replacement: mark } = data;
  const scheme = data.add_prefix_space ? data.prepend_scheme : 'never';
  const split = splitting(
    characters((character) => character === mark),
    'MergedWithNext',
  );
  return (words) => {
    const marked = words.map(({ text, isFirst }) => {
      const replaced = text.replaceAll(' ', mark);
      const isPrepended = (scheme === 'always' || (scheme === 'first' && isFirst)) && !replaced.startsWith(mark);
      return { text: isPrepended && replaced !== '' ? mark + replaced : replaced, isFirst };
    });
    return data.split === false ? marked : split(marked);
  };
}

// Finds the added tokens of a tokenizer.json in text, with the results of Hugging Face's tokenizers.

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
