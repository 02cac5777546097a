// What the lab keeps about a corpus beside its sentences.
import type { ConllSource, DocumentSource, SplitCounts } from '../data/corpusSource.ts';
import { z } from 'zod';

const splitSchema = z.enum(['train', 'devel', 'test']);
const count = z.int().min(0);

export const issueSchema = z.strictObject({
  severity: z.enum(['error', 'warning', 'info']),
  code: z.string(),
  file: z.string(),
  line: z.int().min(1).nullable(),
  message: z.string(),
});

const conllSourceSchema = z.strictObject({
  file: z.string(),
  split: splitSchema,
  scheme: z.enum(['IOB1', 'IOB2', 'IOBES', 'BIOLU', 'IO', 'none']),
  separator: z.enum(['tab', 'space']),
  tokenColumn: count,
  tagColumn: count,
  sentences: count,
  sizeBytes: count,
}) satisfies z.ZodType<ConllSource>;

const documentSourceSchema = z.strictObject({
  file: z.string(),
  split: splitSchema,
  format: z.enum(['BRAT', 'PubTator', 'BioC', 'JSONL', 'Parquet']),
  documents: count,
  sentences: count,
  sizeBytes: count,
}) satisfies z.ZodType<DocumentSource>;

/** Records from before there were documents have CoNLL sources alone. */
export const corpusSourceSchema = z.union([conllSourceSchema, documentSourceSchema]);

export const splitCountsSchema = z.strictObject({
  sentences: count,
  tokens: count,
  mentions: count,
  longest: count,
  perType: z.record(z.string(), count),
}) satisfies z.ZodType<SplitCounts>;

export const corpusRecordSchema = z.strictObject({
  version: z.literal(1),
  /** First 16 hex digits of `fingerprint`: the same sentences make the same corpus whatever their file names. */
  id: z.string(),
  name: z.string().min(1),
  fingerprint: z.string(),
  types: z.array(z.string()),
  sources: z.array(corpusSourceSchema),
  counts: z.record(splitSchema, splitCountsSchema),
  /** At most 1000 are kept; `issueCount` is how many there were. */
  issues: z.array(issueSchema).max(1000),
  issueCount: count,
  /** A sample that came with the lab. */
  builtIn: z.boolean(),
  addedAt: z.iso.datetime(),
});
export type CorpusRecord = z.infer<typeof corpusRecordSchema>;
