// Prepares text as the normalizer of a tokenizer.json says, with the results of Hugging Face's tokenizers.
import * as z from '../../util/zod.ts';
import { LabError } from '../../util/labError.ts';
import { characterMapOfBase64 } from './characterMap.ts';
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
