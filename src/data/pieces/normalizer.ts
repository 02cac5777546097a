// Prepares text as the normalizer of a tokenizer.json says, a SentencePiece model's character map included, with the results of Hugging Face's tokenizers.
import { LabError } from '../../util/labError.ts';
import * as z from '../../util/zod.ts';
import { matchFinder } from './patterns.ts';
import {
  allCombiningMarks,
  allNonSpacingMarks,
  allOtherCharacters,
  isWhiteSpace,
  lowerCased,
  unicodeForm,
} from './unicodeClasses.ts';

/** Changes a text before it is split. */
export type Normalizer = (text: string) => string;

/** Longest text that a normalizer may add or write for a match. */
const LONGEST_INSERT = 100;
/** The steps may leave `GROWTH` characters for each of the text and `SPARE` more; NFKD makes up to 18 of one. */
const GROWTH = 20;
const SPARE = 1000;

const insert = z.string().check(z.maxLength(LONGEST_INSERT));
export const patternSchema = z.union([z.strictObject({ String: z.string() }), z.strictObject({ Regex: z.string() })]);

const bertSchema = z.looseObject({
  type: z.literal('BertNormalizer'),
  clean_text: z._default(z.boolean(), true),
  lowercase: z._default(z.boolean(), true),
  strip_accents: z._default(z.nullable(z.boolean()), null),
  handle_chinese_chars: z._default(z.boolean(), true),
});

/** Parses the `normalizer` of a tokenizer.json; null for one of another type. */
export function bertNormalizer(normalizer: unknown): z.infer<typeof bertSchema> | null {
  return bertSchema.safeParse(normalizer).data ?? null;
}

const stepSchema = z.discriminatedUnion('type', [
  bertSchema,
  z.looseObject({ type: z.literal('Lowercase') }),
  z.looseObject({ type: z.literal('NFC') }),
  z.looseObject({ type: z.literal('NFD') }),
  z.looseObject({ type: z.literal('NFKC') }),
  z.looseObject({ type: z.literal('NFKD') }),
  z.looseObject({ type: z.literal('Nmt') }),
  z.looseObject({ type: z.literal('Precompiled'), precompiled_charsmap: z.nullable(z.string()) }),
  z.looseObject({ type: z.literal('Prepend'), prepend: insert }),
  z.looseObject({ type: z.literal('Replace'), pattern: patternSchema, content: insert }),
  z.looseObject({ type: z.literal('Sequence'), normalizers: z.array(z.unknown()).check(z.maxLength(100)) }),
  z.looseObject({ type: z.literal('Strip'), strip_left: z.boolean(), strip_right: z.boolean() }),
  z.looseObject({ type: z.literal('StripAccents') }),
]);

/**
 * Builds the function for the `normalizer` of a tokenizer.json; null is one that changes nothing. Throws LabError `tokenizer/format`
 * for a type or setting that the lab does not know. The function throws `tokenizer/growth` if the text becomes 20 times as long.
 */
export function readNormalizer(normalizer: unknown): Normalizer {
  return chained([readStep(normalizer)]);
}

function readStep(normalizer: unknown): Normalizer {
  if (normalizer === null) return (text) => text;
  const parsed = stepSchema.safeParse(normalizer);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new LabError(
      'tokenizer/format',
      'tokenizer.json cannot be used: its normalizer is not one this lab can run.',
      {
        expected: `a type of normalizer among ${stepSchema.def.options.map(({ shape }) => shape.type.def.values[0]).join(', ')}, with texts of up to ${LONGEST_INSERT} characters`,
        got: `${nameOf(normalizer)}: at ${issue?.path.join('.') || 'the top'}: ${issue?.message ?? 'invalid'}`,
      },
    );
  }
  return stepOf(parsed.data);
}

/** Runs steps one after another. Throws `tokenizer/growth` when one of them leaves more than the bound for the whole. */
function chained(steps: readonly Normalizer[]): Normalizer {
  return (text) => {
    const most = GROWTH * text.length + SPARE;
    let result = text;
    for (const step of steps) {
      result = step(result);
      if (result.length > most) {
        throw new LabError('tokenizer/growth', 'The normalizer of tokenizer.json makes text too long.', {
          expected: `at most ${most} characters for ${text.length}`,
          got: `${result.length} characters`,
        });
      }
    }
    return result;
  };
}

/** Names an invalid step by its type. */
export function nameOf(step: unknown): string {
  const type: unknown = typeof step === 'object' && step !== null && 'type' in step ? step.type : undefined;
  return typeof type === 'string' ? type.slice(0, 50) : 'a value without a type';
}

function stepOf(data: z.infer<typeof stepSchema>): Normalizer {
  switch (data.type) {
    case 'BertNormalizer':
      return bertStep(data);
    case 'Lowercase':
      return lowerCased;
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = data.type;
      return (text) => unicodeForm(text, form);
    }
    case 'Nmt':
      return (text) => text.replace(nmtDropped, '').replace(nmtSpaces, ' ');
    case 'Precompiled':
      // An empty map changes nothing.
      return data.precompiled_charsmap ? characterMapOfBase64(data.precompiled_charsmap) : (text) => text;
    case 'Prepend':
      return (text) => (text === '' ? text : data.prepend + text);
    case 'Replace': {
      const find = matchFinder(data.pattern);
      return (text) => replaced(text, find(text), data.content);
    }
    case 'Sequence':
      return chained(data.normalizers.map(readStep));
    case 'Strip':
      return (text) => stripped(text, data.strip_left, data.strip_right);
    case 'StripAccents':
      return (text) => text.replace(allCombiningMarks, '');
  }
}

/** Ideographs that are words by themselves. */
const ideographs =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

function bertStep(data: z.infer<typeof bertSchema>): Normalizer {
  const stripAccents = data.strip_accents ?? data.lowercase;
  return (text) => {
    let result = text;
    if (data.clean_text) result = result.replace(allOtherCharacters, '').replace(/\p{White_Space}/gu, ' ');
    if (data.handle_chinese_chars) result = result.replace(ideographs, ' $& ');
    if (stripAccents) result = unicodeForm(result, 'NFD').replace(allNonSpacingMarks, '');
    return data.lowercase ? lowerCased(result) : result;
  };
}

const nmtDropped = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
const nmtSpaces = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

function replaced(text: string, matches: readonly (readonly [number, number])[], content: string): string {
  let result = '';
  let position = 0;
  for (const [start, end] of matches) {
    result += text.slice(position, start) + content;
    position = end;
  }
  return result + text.slice(position);
}

function stripped(text: string, left: boolean, right: boolean): string {
  const characters = Array.from(text);
  const isText = (character: string): boolean => !isWhiteSpace(character);
  const start = left ? characters.findIndex(isText) : 0;
  if (start < 0) return '';
  const end = right ? characters.findLastIndex(isText) + 1 : characters.length;
  return characters.slice(start, end).join('');
}

// Runs the character map of a SentencePiece model: a trie of texts to replace, and their replacements.

/** Longer groups of characters are replaced character by character, in bytes of UTF-8. */
const LONGEST_GROUP = 5;
/** The trie of `nmt_nfkc_cf` has 70,000 units. */
const MOST_UNITS = 1 << 22;

/** Returns a text with its characters replaced. */
export type CharacterMap = (text: string) => string;

const encoder = new TextEncoder();
/** A single character, or text in Latin, Greek, Cyrillic and Chinese characters and symbols without marks and joiners. */
const lone =
  /^(?:[^]?|[\0-\u02ff\u0370-\u0482\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2bff\u3400-\u9fff]*)$/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Reads a map in SentencePiece's packed format: the size of the trie in bytes, the trie (a double array of Darts-clone, 32 bits a
 * unit), and the replacements, each ended by a zero byte. It is applied as Hugging Face's tokenizers do: to what a reader sees as a
 * character (a letter with its marks) if that has up to 5 bytes, otherwise to each of its characters; of the texts in the trie that
 * it starts with, the shortest counts, and it is replaced as a whole. (SentencePiece itself replaces the longest text at each position.)
 * Throws LabError `tokenizer/format` for other bytes.
 */
export function readCharacterMap(bytes: Uint8Array): CharacterMap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = bytes.byteLength < 4 ? NaN : view.getUint32(0, true);
  const isWhole = trieBytes % 4 === 0 && trieBytes > 0 && trieBytes + 4 <= bytes.byteLength;
  if (!isWhole || trieBytes / 4 > MOST_UNITS)
    throw broken(`${bytes.byteLength} bytes, of which ${trieBytes} are a trie`);
  // A loop over a typed array: a callback for each of 60,000 units takes longer than the rest of an import.
  const units = new Uint32Array(trieBytes / 4);
  for (let index = 0; index < units.length; index++) units[index] = view.getUint32(4 + 4 * index, true);
  const replacements = bytes.subarray(4 + trieBytes);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const known = new Map<string, string | null>();

  const replacementAt = (start: number): string => {
    const end = replacements.indexOf(0, start);
    if (start >= replacements.length) throw broken(`a replacement at ${start} of ${replacements.length}`);
    try {
      return decoder.decode(replacements.subarray(start, end < 0 ? undefined : end));
    } catch {
      throw broken(`a replacement at ${start} that is not UTF-8`);
    }
  };
  /** Returns the replacement of the shortest text in the trie that `part` starts with; null if there is none. */
  const find = (part: string): string | null => {
    let node = childrenOf(units[0] ?? 0);
    for (const byte of encoder.encode(part)) {
      if (byte === 0) return null;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || (unit & LABEL) !== byte) return null;
      node ^= childrenOf(unit);
      if ((unit & HAS_VALUE) !== 0) return replacementAt((units[node] ?? 0) & VALUE);
    }
    return null;
  };
  const replacement = (part: string): string | null => {
    const before = known.get(part);
    if (before !== undefined) return before;
    const found = find(part);
    if (known.size >= CACHE_LIMIT) known.clear();
    known.set(part, found);
    return found;
  };
  const replaceEach = (text: string): string =>
    Array.from(text, (character) => replacement(character) ?? character).join('');

  return (text) => {
    // Segmenting is slow, and single characters, ASCII and the like have nothing to segment but CR LF.
    if (lone.test(text) && !text.includes('\r\n')) return replaceEach(text);
    return Array.from(graphemes.segment(text), ({ segment }) => {
      const whole = encoder.encode(segment).length <= LONGEST_GROUP ? replacement(segment) : null;
      return whole ?? replaceEach(segment);
    }).join('');
  };
}

/** Of a unit: the byte it stands for with a bit that is set in values, whether a value follows, and the value. */
const LABEL = 0x800000ff | 0;
const HAS_VALUE = 0x100;
const VALUE = 0x7fffffff;
const CACHE_LIMIT = 50_000;

/** Of a unit: where its children are, relative to it. */
function childrenOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** Decodes the map as tokenizer.json holds it. Throws LabError `tokenizer/format`. */
export function characterMapOfBase64(text: string): CharacterMap {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw broken('text that is not base64');
  }
  return readCharacterMap(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

function broken(got: string): LabError {
  return new LabError('tokenizer/format', 'The tokenizer cannot be used: its character map is damaged.', {
    expected: 'a character map of SentencePiece (precompiled_charsmap)',
    got,
  });
}
