// Applies the settings of tokenizer_config.json to the content of tokenizer.json, and gathers settings that other files hold.
import { LabError } from '../../util/labError.ts';
import { parseJson, validate } from '../../util/validate.ts';
import * as z from '../../util/zod.ts';
import { pieceModelSchema, type PieceModel } from './pieceModels.ts';
import { addedTokenSchema, type AddedToken } from './preTokenizer.ts';

/** Parses a file's bytes. Throws LabError `tokenizer/json` if they are not JSON in UTF-8, `tokenizer/format` naming the first invalid field. */
export function tokenizerJson<Schema extends z.ZodMiniType>(
  file: string,
  bytes: Uint8Array,
  schema: Schema,
  expected = 'a Hugging Face file with a Unigram, WordPiece or byte-level BPE model and its vocabulary',
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
    expected,
    got: `at ${path || 'the top'}: ${message}`,
  });
}

export const tokenizerFileSchema = z.looseObject({
  model: pieceModelSchema,
  added_tokens: z._default(z.array(addedTokenSchema), []),
  normalizer: z._default(z.unknown(), null),
  pre_tokenizer: z._default(z.unknown(), null),
});
export type TokenizerContent = z.output<typeof tokenizerFileSchema>;

/** A special piece as named in tokenizer_config.json. */
export const specialName = z.union([
  z.string(),
  z.pipe(
    z.looseObject({ content: z.string() }),
    z.transform(({ content }) => content),
  ),
]);
const namedToken = z.union([
  z.pipe(
    z.string(),
    z.transform((content) => ({ content })),
  ),
  z.looseObject({ content: z.string() }),
]);
const tokenList = z.nullish(
  z.union([
    z.array(namedToken),
    z.pipe(
      z.record(z.string(), namedToken),
      z.transform((named) => Object.values(named)),
    ),
  ]),
);

export const tokenizerConfigSchema = z.looseObject({
  tokenizer_class: z.nullish(z.string()),
  unk_token: z.nullish(specialName),
  sep_token: z.nullish(specialName),
  cls_token: z.nullish(specialName),
  pad_token: z.nullish(specialName),
  mask_token: z.nullish(specialName),
  additional_special_tokens: tokenList,
  extra_special_tokens: tokenList,
  added_tokens_decoder: z.nullish(z.record(z.string(), z.looseObject({ content: z.string() }))),
  split_special_tokens: z.nullish(z.boolean()),
  do_lower_case: z.nullish(z.boolean()),
  strip_accents: z.optional(z.nullable(z.boolean())),
  tokenize_chinese_chars: z.nullish(z.boolean()),
  keep_accents: z.nullish(z.boolean()),
  add_prefix_space: z.nullish(z.boolean()),
  never_split: z.nullish(z.array(z.string())),
  do_basic_tokenize: z.nullish(z.boolean()),
  do_lowercase_and_remove_accent: z.nullish(z.boolean()),
});
export type TokenizerConfig = z.output<typeof tokenizerConfigSchema>;

const SETTINGS = 'a JSON object of settings as transformers writes them';

/** Parses tokenizer_config.json; without the file, nothing is set. Throws LabError `tokenizer/json` or `tokenizer/format`. */
export function readTokenizerConfig(bytes: Uint8Array | null): TokenizerConfig {
  return bytes === null ? {} : tokenizerJson('tokenizer_config.json', bytes, tokenizerConfigSchema, SETTINGS);
}

/** Classes of transformers that use tokenizer.json as it is; the others build the normalizer from their own settings. */
const plainClasses = new Set(['PreTrainedTokenizerFast', 'PreTrainedTokenizer', 'TokenizersBackend']);

/**
 * Returns the normalizer of a tokenizer.json as tokenizer_config.json settles it. As in transformers, lower-casing, accents and
 * ideographs follow tokenizer_config.json where it states them, whatever tokenizer.json says.
 */
export function settledNormalizer(
  { normalizer, model }: Pick<TokenizerContent, 'normalizer'> & { readonly model: { readonly type: string } },
  config: TokenizerConfig,
): unknown {
  if (plainClasses.has(config.tokenizer_class ?? '')) return normalizer;
  const { do_lower_case: lowerCase, tokenize_chinese_chars: chinese, keep_accents: keepAccents } = config;
  let settled = normalizer;
  if (model.type === 'WordPiece') {
    const changes = {
      ...(config.strip_accents === undefined ? {} : { strip_accents: config.strip_accents }),
      ...(chinese == null ? {} : { handle_chinese_chars: chinese }),
    };
    settled = changedSteps(settled, (step) => [step.type === 'BertNormalizer' ? { ...step, ...changes } : step]);
  } else if (keepAccents === true) {
    settled = changedSteps(settled, (step) => (isAccentStep(step) ? [] : [step]));
  } else if (keepAccents === false && isOfXlnet(config) && !hasStep(settled, isAccentStep)) {
    settled = withSteps(settled, [{ type: 'NFKD' }, { type: 'StripAccents' }]);
  }
  if (lowerCase == null || lowerCase === hasStep(settled, lowersCase)) return settled;
  if (!lowerCase) {
    return changedSteps(settled, (step) => {
      if (step.type === 'Lowercase') return [];
      return [step.type === 'BertNormalizer' ? { ...step, lowercase: false } : step];
    });
  }
  if (!hasStep(settled, ({ type }) => type === 'BertNormalizer')) return withSteps(settled, [{ type: 'Lowercase' }]);
  return changedSteps(settled, (step) => [step.type === 'BertNormalizer' ? { ...step, lowercase: true } : step]);
}

/**
 * Returns the pre-tokenizer of a tokenizer.json as tokenizer_config.json settles it: as in transformers, whether a text gets a space in front
 * follows tokenizer_config.json where it states it.
 */
export function settledPreTokenizer(
  { pre_tokenizer: preTokenizer }: Pick<TokenizerContent, 'pre_tokenizer'>,
  { tokenizer_class: name, add_prefix_space: prefix }: TokenizerConfig,
): unknown {
  const isSettled = prefix == null || plainClasses.has(name ?? '') || !isStep(preTokenizer);
  if (isSettled || preTokenizer.type !== 'ByteLevel') return preTokenizer;
  return { ...preTokenizer, add_prefix_space: prefix };
}

type Step = Readonly<Record<string, unknown>>;

const isStep = (value: unknown): value is Step => typeof value === 'object' && value !== null && !Array.isArray(value);
const isAccentStep = ({ type }: Step): boolean => type === 'NFKD' || type === 'StripAccents';
const lowersCase = ({ type, lowercase }: Step): boolean =>
  type === 'Lowercase' || (type === 'BertNormalizer' && lowercase !== false);
const isOfXlnet = ({ tokenizer_class: name }: TokenizerConfig): boolean => name?.startsWith('XLNet') ?? false;

/** Lists the steps of a normalizer, sequences opened. */
function stepsOf(normalizer: unknown): readonly Step[] {
  if (!isStep(normalizer)) return [];
  const { type, normalizers } = normalizer;
  return type === 'Sequence' && Array.isArray(normalizers) ? normalizers.flatMap(stepsOf) : [normalizer];
}

function hasStep(normalizer: unknown, isWanted: (step: Step) => boolean): boolean {
  return stepsOf(normalizer).some(isWanted);
}

function changedSteps(normalizer: unknown, change: (step: Step) => readonly Step[]): unknown {
  if (!isStep(normalizer)) return normalizer;
  const normalizers = stepsOf(normalizer).flatMap(change);
  return normalizer.type === 'Sequence' || normalizers.length !== 1
    ? { type: 'Sequence', normalizers }
    : normalizers[0];
}

/** Adds steps where transformers' converter for XLNet has them: before the character map. */
function withSteps(normalizer: unknown, added: readonly Step[]): unknown {
  const steps = stepsOf(normalizer);
  const isLater = ({ type }: Step): boolean => type === 'Precompiled' || (type === 'Lowercase' && added.length > 1);
  const found = steps.findIndex(isLater);
  const index = found < 0 ? steps.length : found;
  return { type: 'Sequence', normalizers: [...steps.slice(0, index), ...added, ...steps.slice(index)] };
}

/**
 * Returns the added tokens of a tokenizer.json with those that tokenizer_config.json lists (`added_tokens_decoder`, whose settings
 * count where both list one, and additional specials). A token without an id has that of the vocabulary, or the next one free. Throws
 * LabError `tokenizer/setting` where ids contradict each other.
 */
export function settledAddedTokens(
  { added_tokens: listed }: Pick<TokenizerContent, 'added_tokens'>,
  config: TokenizerConfig,
  model: Pick<PieceModel, 'idOf' | 'size'>,
): readonly AddedToken[] {
  const tokens = new Map(listed.map((token) => [token.content, token]));
  for (const [id, token] of Object.entries(config.added_tokens_decoder ?? {})) {
    tokens.set(token.content, addedToken(token, Number(id), tokens.get(token.content)?.id));
  }
  const { unk_token: unk, sep_token: sep, cls_token: cls, pad_token: pad, mask_token: mask } = config;
  const specials = [unk, sep, cls, pad, mask].flatMap((content) => {
    // A special without a piece is refused by its name where it is needed.
    return content != null && model.idOf(content) !== undefined ? [{ content }] : [];
  });
  for (const token of [
    ...specials,
    ...(config.additional_special_tokens ?? []),
    ...(config.extra_special_tokens ?? []),
  ]) {
    if (tokens.has(token.content)) continue;
    const next = [...tokens.values()].reduce((least, { id }) => Math.max(least, id + 1), model.size);
    tokens.set(token.content, addedToken({ ...token, special: true }, model.idOf(token.content) ?? next, undefined));
  }
  for (const { content, id } of tokens.values()) {
    const known = model.idOf(content);
    if (known !== undefined && known !== id) throw contradiction(content, known, id);
  }
  return [...tokens.values()];
}

function addedToken(token: Readonly<Record<string, unknown>>, id: number, known: number | undefined): AddedToken {
  const parsed = addedTokenSchema.safeParse({ ...token, id });
  if (parsed.success && (known === undefined || known === id)) return parsed.data;
  if (parsed.success) throw contradiction(parsed.data.content, known ?? id, id);
  throw refusedSetting('added tokens with an id and a content', `${String(token.content)}: ${String(id)}`);
}

function contradiction(content: string, known: number, id: number): LabError {
  return refusedSetting(`number ${known} for ${content}, as in the vocabulary`, `number ${id}`);
}

function refusedSetting(expected: string, got: string): LabError {
  return new LabError('tokenizer/setting', 'The tokenizer has a setting that this lab cannot obey.', { expected, got });
}

/** Throws LabError `tokenizer/setting` for what changes the pieces and is not done here. */
export function refuseUnknownSettings(config: TokenizerConfig, added: readonly AddedToken[]): void {
  const names = new Set(added.map(({ content }) => content));
  const unsplit = config.never_split?.find((text) => !names.has(text));
  if (unsplit !== undefined) throw refusedSetting('never_split with added tokens only', unsplit);
  if (config.do_basic_tokenize === false) throw refusedSetting('do_basic_tokenize: true', 'false');
  if (config.do_lowercase_and_remove_accent) throw refusedSetting('do_lowercase_and_remove_accent: false', 'true');
}

const addedTokensSchema = z.record(z.string(), z.int().check(z.gte(0)));
const specialsMapSchema = z.looseObject({});
const lowerCaseSchema = z.looseObject({ do_lower_case: z.optional(z.unknown()) });
const usualNames: Readonly<Record<string, readonly string[]>> = {
  unk_token: ['<unk>', '[UNK]'],
  sep_token: ['<sep>', '[SEP]'],
  cls_token: ['<cls>', '[CLS]'],
  pad_token: ['<pad>', '[PAD]'],
  mask_token: ['<mask>', '[MASK]'],
};

/**
 * Returns the bytes of tokenizer_config.json with what other files of the folder set, or unchanged if that is nothing more: names of
 * specials (special_tokens_map.json), added tokens (added_tokens.json), and `do_lower_case` of the encoder's configuration, each where
 * transformers reads it too or tokenizer_config.json leaves it out. `encoderFile`: the name of that configuration. Throws LabError
 * `tokenizer/json`, `tokenizer/format` or `tokenizer/setting`.
 */
export function gatheredConfig(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  encoderFile: string | null,
): Uint8Array<ArrayBuffer> | null {
  const own = files.get('tokenizer_config.json') ?? null;
  const config = readTokenizerConfig(own);
  const read = <Schema extends z.ZodMiniType>(name: string, schema: Schema): z.output<Schema> | null => {
    const bytes = files.get(name);
    return bytes === undefined ? null : tokenizerJson(name, bytes, schema, SETTINGS);
  };
  const stated = own === null ? {} : tokenizerJson('tokenizer_config.json', own, z.looseObject({}));
  const changes = specialChanges(config, stated, read('special_tokens_map.json', specialsMapSchema) ?? {});
  const added = Object.entries(read('added_tokens.json', addedTokensSchema) ?? {});
  const settled: TokenizerConfig = { ...config, ...(tokenizerConfigSchema.safeParse(changes).data ?? {}) };
  const decoder = decoderChanges(settled, added);
  if (decoder !== null) changes.added_tokens_decoder = decoder;
  const encoder = encoderFile === null ? null : read(encoderFile, lowerCaseSchema);
  if (config.do_lower_case == null && typeof encoder?.do_lower_case === 'boolean') {
    changes.do_lower_case = encoder.do_lower_case;
  }
  if (Object.keys(changes).length === 0) return own;
  return new TextEncoder().encode(JSON.stringify({ ...stated, ...changes }));
}

/** Whether a special is described with a setting that changes where it is found. */
function isDescribed(special: unknown): boolean {
  const { data } = z.looseObject({ content: z.string() }).safeParse(special);
  return data !== undefined && specialFlags.some((flag) => data[flag] === true);
}
const specialFlags = ['single_word', 'lstrip', 'rstrip', 'normalized'] as const;

/** Returns the added tokens with the settings of specials that tokenizer_config.json describes instead of naming them. */
export function describedSpecials<Token extends { readonly content: string }>(
  tokens: readonly Token[],
  configFile: Uint8Array | null,
): Token[] {
  const config = configFile === null ? {} : tokenizerJson('tokenizer_config.json', configFile, z.looseObject({}));
  const described = Object.entries(config).filter(([key, value]) => key.endsWith('_token') && isDescribed(value));
  return tokens.map((token) => {
    const found = described.map(([, value]) => value as Step).find(({ content }) => content === token.content);
    if (found === undefined) return token;
    return { ...token, ...Object.fromEntries(specialFlags.map((flag) => [flag, found[flag] === true])) };
  });
}

/** Of special_tokens_map.json: names and settings that differ. They count only without `added_tokens_decoder`, beside which they repeat the names. */
function specialChanges(
  config: TokenizerConfig,
  own: Readonly<Record<string, unknown>>,
  map: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const [key, usual] of Object.entries(usualNames)) {
    const name = specialName.safeParse(map[key]).data;
    const stated = specialName.safeParse(config[key]).data;
    const isNew = stated === undefined ? name !== undefined && !usual.includes(name) : name !== stated;
    const counts = stated === undefined || config.added_tokens_decoder == null;
    const isRefined = isDescribed(map[key]) && !isDescribed(own[key]) && config.added_tokens_decoder == null;
    if (name === undefined || !counts || !(isNew || isRefined)) continue;
    changes[key] = isDescribed(map[key]) ? map[key] : name;
  }
  const more = map.additional_special_tokens;
  const known = [...(config.additional_special_tokens ?? []), ...(config.extra_special_tokens ?? [])];
  const names = new Set(known.map(({ content }) => content));
  const listed = tokenList.safeParse(more).data ?? [];
  if (listed.some(({ content }) => !names.has(content))) changes.additional_special_tokens = more;
  return changes;
}

function decoderChanges(
  config: TokenizerConfig,
  added: readonly (readonly [content: string, id: number])[],
): Record<string, unknown> | null {
  const decoder: Record<string, { readonly content: string }> = { ...config.added_tokens_decoder };
  const ids = new Map(Object.entries(decoder).map(([id, { content }]) => [content, Number(id)]));
  const listed = [...(config.additional_special_tokens ?? []), ...(config.extra_special_tokens ?? [])];
  const { unk_token: unk, sep_token: sep, cls_token: cls, pad_token: pad, mask_token: mask } = config;
  const specials = new Set([unk, sep, cls, pad, mask, ...listed.map(({ content }) => content)]);
  const fresh = added.filter(([content, id]) => {
    const known = ids.get(content);
    if (known !== undefined && known !== id) throw contradiction(content, known, id);
    return known === undefined;
  });
  for (const [content, id] of fresh) {
    const isSpecial = specials.has(content);
    const plain = { single_word: false, lstrip: false, rstrip: false };
    const token = { content, ...plain, normalized: !isSpecial, special: isSpecial };
    decoder[String(id)] = token;
  }
  return fresh.length > 0 ? decoder : null;
}
