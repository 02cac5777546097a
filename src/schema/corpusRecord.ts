// What the lab stores of a corpus: its record, and the sentences and texts of each split.
import * as z from '../util/zod.ts';
import type { Sentence } from '../data/corpus/corpus.ts';
import type { ConllSource, DocumentSource, ReviewSource, SplitCounts } from '../data/corpus/corpusSource.ts';
import type { DocumentText } from '../data/documents/document.ts';
import { issueSchema, silverProvenanceSchema } from './dictionaryRecord.ts';

const splitSchema = z.enum(['train', 'devel', 'test']);
const count = z.int().check(z.gte(0));

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

const place = z.int().check(z.gte(0));

/** Start and end of each token in turn; objects would need several times the space. */
const tokenOffsetsSchema = z
  .array(place)
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
