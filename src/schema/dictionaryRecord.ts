// What the lab stores of a dictionary besides its file, and how its terms came into a corpus.
import { DICTIONARY_FORMATS } from '../data/dictionary/dictionary.ts';
import type { TermRules } from '../data/dictionary/termForms.ts';
import * as z from '../util/zod.ts';

const count = z.int().check(z.gte(0));

export const issueSchema = z.strictObject({
  severity: z.enum(['error', 'warning', 'info']),
  code: z.string(),
  file: z.string(),
  line: z.nullable(z.int().check(z.gte(1))),
  message: z.string(),
});

export const dictionaryRecordSchema = z.strictObject({
  version: z.literal(1),
  /** First 16 hex digits of `fingerprint`. */
  id: z.string(),
  name: z.string().check(z.minLength(1)),
  /** SHA-256 of the file. */
  fingerprint: z.string(),
  file: z.string(),
  sizeBytes: count,
  format: z.enum(DICTIONARY_FORMATS),
  /** What columns, keys or stanzas were taken for, in words. */
  understood: z.string(),
  entries: count,
  /** Names and synonyms. */
  terms: count,
  /** Types with their number of entries; entries without a type are in none. */
  types: z.record(z.string(), count),
  /** Entries that are marked as obsolete, and not read. */
  obsolete: count,
  /** At most 1000 are stored; `issueCount` is the full number. */
  issues: z.array(issueSchema).check(z.maxLength(1000)),
  issueCount: count,
  /** What a person noted about licence and origin; may be empty. */
  licence: z.string(),
  addedAt: z.iso.datetime(),
});
/** A dictionary of the library, without its terms. */
export type DictionaryRecord = z.infer<typeof dictionaryRecordSchema>;

export const termRulesSchema = z.strictObject({
  symbolLength: z.int().check(z.gte(0), z.lte(20)),
  plurals: z.boolean(),
  joins: z.boolean(),
  greek: z.boolean(),
  commonWords: z.boolean(),
}) satisfies z.ZodMiniType<TermRules>;

const listedTerm = z.strictObject({ term: z.string(), ids: z.array(z.string()), types: z.array(z.string()), occurrences: count }); // prettier-ignore

export const silverProvenanceSchema = z.strictObject({
  dictionary: z.strictObject({
    name: z.string(),
    file: z.string(),
    fingerprint: z.string(),
    entries: count,
    licence: z.string(),
  }),
  rules: termRulesSchema,
  /** The type that all terms got; null for those of the file. */
  type: z.nullable(z.string()),
  /** Name of the text or corpus whose sentences are marked; its annotation was ignored. */
  source: z.string(),
  /** The seed by which the sentences were divided; null where they were not. */
  seed: z.nullable(count),
  /** Whether the test sentences have the annotation that the corpus came with, instead of terms. */
  hasAnnotatedTest: z.boolean(),
  /** Mentions of terms with several ids, which have none. */
  withoutId: count,
  /** Occurrences of terms of several types, which are not marked. */
  unmarked: count,
  /** The most frequent of the ambiguous terms in the text, and their number. */
  ambiguous: z.array(listedTerm),
  ambiguousCount: count,
  /** Some of the terms that were not looked for, and their number. */
  leftOut: z.array(z.strictObject({ term: z.string(), id: z.string(), reason: z.enum(['common word', 'too short']) })),
  leftOutCount: count,
  madeAt: z.iso.datetime(),
});
/** How the terms of a dictionary were marked in a corpus. */
export type SilverProvenance = z.infer<typeof silverProvenanceSchema>;
