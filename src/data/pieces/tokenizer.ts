// Splits tokens into SentencePiece or WordPiece pieces, with a Hugging Face tokenizer.json.
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { LabError } from '../../util/labError.ts';
import { validate, parseJson } from '../../util/validate.ts';

const normalizerSchema = z.looseObject({
  type: z.literal('BertNormalizer'),
  lowercase: z.boolean(),
  strip_accents: z.boolean().nullable().default(null),
  handle_chinese_chars: z.boolean(),
});

/** Parses the `normalizer` of a tokenizer.json; null for one of another type. */
export function bertNormalizer(normalizer: unknown): z.infer<typeof normalizerSchema> | null {
  return normalizerSchema.safeParse(normalizer).data ?? null;
}

/** Ideographs beyond 16 bits, as defined by the normalizer. */
const ideographs = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * Returns a function that prepares text for the library, given the file's normalizer: it separates ideographs the library misses,
 * and lower-cases Σ letter by letter, where JavaScript would write a final sigma at the end of a word. Texts for other normalizers
 * are unchanged.
 */
function bertText(normalizer: unknown): (text: string) => string {
  const data = bertNormalizer(normalizer);
  if (data === null) return (text) => text;
  return (text) => {
    const apart = data.handle_chinese_chars ? text.replace(ideographs, ' $& ') : text;
    return data.lowercase ? apart.replaceAll('Σ', 'σ') : apart;
  };
}

/** Parses a file's bytes. Throws LabError `tokenizer/json` if they are not JSON in UTF-8, `tokenizer/format` naming the first invalid field. */
export function tokenizerJson<Schema extends z.ZodType>(
  file: string,
  bytes: Uint8Array,
  schema: Schema,
): z.output<Schema> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LabError('tokenizer/json', `${file} is not JSON.`, {
      expected: 'a JSON object in UTF-8',
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const parsed = validate(schema, json);
  if (parsed.isFit) return parsed.data;
  const { path, message } = parsed.fault;
  throw new LabError('tokenizer/format', `${file} is not that of a tokenizer this lab can run.`, {
    expected: 'a Hugging Face file with a Unigram or WordPiece model and its vocabulary',
    got: `at ${path || 'the top'}: ${message}`,
  });
}

/** A repeated group: only nested repetition can make a search try exponentially many matches. */
const repeatedGroup = /\)(?:[*+]|\{\d*,)/;

/** Finds the first pattern in a value from `parseJson` that repeats a group; null if there is none. No XLNet or BERT tokenizer has one. */
function unsteadyPattern(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Regex' && typeof inner === 'string' && repeatedGroup.test(inner)) return inner;
    const found = unsteadyPattern(inner);
    if (found !== null) return found;
  }
  return null;
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
}

const tokenizerFileSchema = z.looseObject({
  model: z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('Unigram'),
      unk_id: z.int().min(0),
      vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    }),
    z.looseObject({
      type: z.literal('WordPiece'),
      unk_token: z.string(),
      vocab: z.record(z.string(), z.int().min(0)),
    }),
  ]),
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string() })).default([]),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  post_processor: z.unknown().default(null),
  decoder: z.unknown().default(null),
});

/** A special piece as named in tokenizer_config.json. */
export const specialName = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform(({ content }) => content),
]);
const configFileSchema = z.looseObject({
  unk_token: specialName.optional(),
  sep_token: specialName.optional(),
  cls_token: specialName.optional(),
  pad_token: specialName.optional(),
  remove_space: z.boolean().optional(),
});

/** Specials under the names that the first models of either kind used. */
const usualSpecials = {
  Unigram: { unk: '<unk>', sep: '<sep>', cls: '<cls>', pad: '<pad>' },
  WordPiece: { unk: '[UNK]', sep: '[SEP]', cls: '[CLS]', pad: '[PAD]' },
} as const;

/** Distinct tokens cached before the cache is cleared: more than any of the 15 public corpora has. */
const CACHE_LIMIT = 200_000;

/**
 * Reads a tokenizer from the bytes of `tokenizer.json` and, if present, `tokenizer_config.json`.
 *
 * XLNet's tokenizer.json lists the released code's `preprocess_text` (white space collapsed, doubled quotes merged, accents
 * stripped) as its normalizer and pre-tokenizer, so nothing is repeated here; the lower-casing, which comes last there, is
 * `lowerCase` (a cased tokenizer.json has none). One of its rules is missing in Hugging Face's fast tokenizers and so also here:
 * `encode_pieces` re-encodes a piece ending in a digit and a comma without the comma.
 *
 * Throws LabError `tokenizer/json`, `tokenizer/format` or `tokenizer/special`.
 */
export function readTokenizer(
  tokenizerFile: Uint8Array,
  configFile: Uint8Array | null,
  { lowerCase }: { readonly lowerCase: boolean },
): PieceTokenizer {
  const content = tokenizerJson('tokenizer.json', tokenizerFile, tokenizerFileSchema);
  const config = tokenizerJson('tokenizer_config.json', configFile ?? new TextEncoder().encode('{}'), configFileSchema);
  const { model } = content;
  const unsteady = [content.normalizer, content.pre_tokenizer].map(unsteadyPattern).find((found) => found !== null);
  if (unsteady !== undefined) {
    throw new LabError(
      'tokenizer/format',
      'tokenizer.json cannot be used: a pattern in it might never come to an end.',
      {
        expected: 'patterns without repeated groups',
        got: unsteady,
      },
    );
  }
  let library: Tokenizer;
  try {
    // SentencePiece collapses white space itself; WordPiece's normalizer knows better which characters count as white space.
    library = new Tokenizer(content, { ...config, remove_space: config.remove_space ?? model.type === 'Unigram' });
    // Steps with missing parts only fail on first use, so use them now.
    library.encode('A probe, 1.', { add_special_tokens: false });
  } catch (cause) {
    throw new LabError('tokenizer/format', 'tokenizer.json cannot be used.', {
      expected: 'normalizers and pre-tokenizers that @huggingface/tokenizers knows',
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }

  const special = (name: string): number => {
    const id = library.token_to_id(name);
    if (id !== undefined) return id;
    throw new LabError('tokenizer/special', `tokenizer.json has no piece ${name}.`, {
      expected: name,
      got: 'no such piece',
    });
  };
  const usual = usualSpecials[model.type];
  const specials = {
    unk: special(config.unk_token ?? usual.unk),
    sep: special(config.sep_token ?? usual.sep),
    cls: special(config.cls_token ?? usual.cls),
    pad: special(config.pad_token ?? usual.pad),
  };
  const ids = model.type === 'Unigram' ? [model.vocab.length - 1] : Object.values(model.vocab);
  const vocabularySize =
    [...ids, ...content.added_tokens.map(({ id }) => id)].reduce((largest, id) => Math.max(largest, id), 0) + 1;

  const unknown = [specials.unk];
  const normalize = (text: string): string => library.normalizer?.(text) ?? text;
  const repaired = bertText(content.normalizer);
  const prepare = (text: string): string => (lowerCase ? normalize(repaired(text)).toLowerCase() : repaired(text));
  const encode = (text: string) => library.encode(prepare(text), { add_special_tokens: false });

  const cache = new Map<string, readonly number[]>();
  const encodeToken = (token: string): readonly number[] => {
    const known = cache.get(token);
    if (known !== undefined) return known;
    const { ids } = encode(token);
    const pieces = ids.length > 0 ? ids : unknown;
    if (cache.size >= CACHE_LIMIT) cache.clear();
    cache.set(token, pieces);
    return pieces;
  };

  const encodeSentence = (tokens: readonly string[]): readonly (readonly number[])[] => {
    const { ids, tokens: surfaces } = encode(tokens.join(' '));
    const tokenLengths = tokens.map((token) => visibleLength(normalize(prepare(token))));
    const owners = ownersOfPieces(surfaces.map(visibleLength), tokenLengths);
    // A normalizer that changes characters across a space leaves no positions to align; then encode each token separately.
    if (owners === null) return tokens.map(encodeToken);
    const pieces = tokens.map((): number[] => []);
    owners.forEach((owner, index) => pieces[owner]?.push(ids[index] ?? specials.unk));
    return pieces.map((ofToken) => (ofToken.length > 0 ? ofToken : unknown));
  };

  return {
    encodeToken,
    // WordPiece words never cross white space, so each token gets the same pieces as when encoded alone.
    encodeSentence: model.type === 'WordPiece' ? (tokens) => tokens.map(encodeToken) : encodeSentence,
    specials,
    vocabularySize,
  };
}

/**
 * Assigns each piece to a token, from the numbers of visible characters of pieces and tokens: the token of the piece's first
 * character; a piece without one (a bare word mark) belongs to the character after it. Null if the totals differ.
 */
function ownersOfPieces(pieceLengths: readonly number[], tokenLengths: readonly number[]): number[] | null {
  const owners: number[] = [];
  let token = 0;
  let tokenEnd = tokenLengths[0] ?? 0;
  let position = 0;
  for (const length of pieceLengths) {
    while (position >= tokenEnd && token < tokenLengths.length - 1) tokenEnd += tokenLengths[++token] ?? 0;
    owners.push(token);
    position += length;
  }
  const total = tokenLengths.reduce((sum, length) => sum + length, 0);
  return position === total ? owners : null;
}

/** Counts UTF-16 units of a text without white space and SentencePiece's word mark. */
function visibleLength(text: string): number {
  return text.replace(/[\s▁]+/gu, '').length;
}
