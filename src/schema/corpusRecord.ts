// What the lab stores of a corpus and of a dictionary: records, the sentences and texts of each split, and how terms came into a corpus.
import type { ConllSource, DocumentSource, ReviewSource, Sentence, SplitCounts } from '../data/corpus/corpus.ts';
import { DICTIONARY_FORMATS } from '../data/dictionary/dictionary.ts';
import type { TermRules } from '../data/dictionary/termForms.ts';
import type { DocumentText } from '../data/documents/document.ts';
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

// What the lab stores of a corpus: its record, and the sentences and texts of each split.

const splitSchema = z.enum(['train', 'devel', 'test']);

const conllSourceSchema = z.strictObject({
  file: z.string(),
  split: splitSchema,
  scheme: z.enum(['IOB1', 'IOB2', 'IOBES', 'BIOLU', 'IO', 'none']),
  separator: z.enum(['tab', 'space', 'comma', 'semicolon']),
  tokenColumn: count,
  tagColumn: count,
  sentences: count,
  sizeBytes: count,
}) satisfies z.ZodMiniType<ConllSource>;

const documentSourceSchema = z.strictObject({
  file: z.string(),
  split: splitSchema,
  format: z.enum(['BRAT', 'PubTator', 'BioC', 'JSONL', 'Parquet']),
  documents: count,
  sentences: count,
  sizeBytes: count,
}) satisfies z.ZodMiniType<DocumentSource>;

const reviewSourceSchema = z.strictObject({
  file: z.string(),
  split: splitSchema,
  format: z.enum(['Review', 'Dictionary']),
  documents: count,
  sentences: count,
  sizeBytes: count,
}) satisfies z.ZodMiniType<ReviewSource>;

/** Records from before document support have only CoNLL sources. */
export const corpusSourceSchema = z.union([conllSourceSchema, documentSourceSchema, reviewSourceSchema]);

export const splitCountsSchema = z.strictObject({
  sentences: count,
  tokens: count,
  mentions: count,
  longest: count,
  perType: z.record(z.string(), count),
}) satisfies z.ZodMiniType<SplitCounts>;

/** Refers to a trained tagger: a snapshot of a run, or a model with a tagging head. */
export const taggerRefSchema = z.union([
  z.strictObject({ kind: z.literal('snapshot'), runId: z.string(), epoch: z.int().check(z.gte(1)) }),
  z.strictObject({ kind: z.literal('model'), modelId: z.string() }),
]);

const reviewProvenanceSchema = z.strictObject({
  taggerName: z.string(),
  tagger: taggerRefSchema,
  source: z.string(),
  taggedAt: z.iso.datetime(),
  savedAt: z.iso.datetime(),
  /** Sentences in the corpus that a person reviewed, and those taken as the tagger left them. */
  reviewedSentences: count,
  untouchedSentences: count,
  /** Mentions in the corpus: accepted as found, changed, added by a person, and taken from the tagger without a look. */
  accepted: count,
  changed: count,
  added: count,
  untouched: count,
  /** Found by the tagger, and not in the corpus. */
  rejected: count,
  /** Confidence from which untouched mentions were taken. */
  threshold: z.number().check(z.gte(0), z.lte(1)),
  /** Seed by which the sentences were divided; null where all are training text. */
  seed: z.nullable(count),
  /** Name of the corpus they were joined with; null for none. */
  joinedWith: z.nullable(z.string()),
});
/** How a corpus came out of a review. */
export type ReviewProvenance = z.infer<typeof reviewProvenanceSchema>;

export const corpusRecordSchema = z.strictObject({
  version: z.literal(1),
  /** First 16 hex digits of `fingerprint`: the same sentences make the same corpus under any file names. */
  id: z.string(),
  name: z.string().check(z.minLength(1)),
  fingerprint: z.string(),
  types: z.array(z.string()),
  sources: z.array(corpusSourceSchema),
  counts: z.record(splitSchema, splitCountsSchema),
  /** At most 1000 are stored; `issueCount` is the full number. */
  issues: z.array(issueSchema).check(z.maxLength(1000)),
  issueCount: count,
  /** A sample that ships with the lab. */
  builtIn: z.boolean(),
  /** How it came out of a review; absent for an imported corpus. */
  review: z.optional(reviewProvenanceSchema),
  /** How the terms of a dictionary were marked in it; absent for any other corpus. */
  silver: z.optional(silverProvenanceSchema),
  addedAt: z.iso.datetime(),
});
/** What the lab stores about a corpus besides its sentences. */
export type CorpusRecord = z.infer<typeof corpusRecordSchema>;

/** Start and end of each token in turn; objects would need several times the space. */
const tokenOffsetsSchema = z
  .array(count)
  .check(z.refine((indices) => indices.length % 2 === 0, 'a token has a start and an end'));

const documentSchema = z.strictObject({ id: z.string(), text: z.string(), sentences: z.array(tokenOffsetsSchema) });

export const storedTextsSchema = z.array(documentSchema);
/** The stored form of the texts of one split. */
type StoredTexts = z.infer<typeof storedTextsSchema>;

/** Converts texts to their stored form. */
export function storeTexts(texts: readonly DocumentText[]): StoredTexts {
  return texts.map(({ id, text, sentences }) => ({
    id,
    text,
    sentences: sentences.map((tokens) => tokens.flatMap(({ start, end }) => [start, end])),
  }));
}

/** Converts stored texts back to the form the lab uses. */
export function unstoreTexts(stored: StoredTexts): DocumentText[] {
  return stored.map(({ id, text, sentences }) => ({
    id,
    text,
    sentences: sentences.map((indices) =>
      Array.from({ length: indices.length / 2 }, (_, token) => ({
        start: indices[2 * token] ?? 0,
        end: indices[2 * token + 1] ?? 0,
      })),
    ),
  }));
}

/** The id of a mention, and what is known of it. */
export const mentionLinkSchema = z.strictObject({
  id: z.string(),
  name: z.exactOptional(z.string()),
  score: z.exactOptional(z.number().check(z.gte(0), z.lte(1))),
});

const mentionSchema = z.strictObject({
  type: z.string(),
  start: z.int().check(z.gte(0)),
  end: z.int().check(z.gte(1)),
  link: z.exactOptional(mentionLinkSchema),
});

const sentenceSchema = z.strictObject({ tokens: z.array(z.string()), mentions: z.array(mentionSchema) }).check(
  z.refine(({ tokens, mentions }) => mentions.every(({ start, end }) => start < end && end <= tokens.length), {
    path: ['mentions'],
    message: 'a mention must lie within its sentence',
  }),
);

/** Validates the stored sentences of one split. */
export const sentencesSchema: z.ZodMiniType<readonly Sentence[]> = z.array(sentenceSchema);
