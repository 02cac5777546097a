// What the lab keeps about a corpus beside its sentences.
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
  /** What was detected: IOB1, IOB2, IOBES, BIOLU, IO or `none` for a file without mentions. */
  scheme: z.enum(['IOB1', 'IOB2', 'IOBES', 'BIOLU', 'IO', 'none']),
  separator: z.enum(['tab', 'space']),
  /** 0-based columns of token and tag. */
  tokenColumn: count,
  tagColumn: count,
  sentences: count,
  sizeBytes: count,
});
export type ConllSource = z.infer<typeof conllSourceSchema>;

/** A file, or for BRAT the files of one folder and split, that holds documents rather than rows. */
const documentSourceSchema = z.strictObject({
  /** For BRAT a pattern, such as `NCBI/train/*.ann`; documents drawn for devel stand under a name of their own. */
  file: z.string(),
  split: splitSchema,
  format: z.enum(['BRAT', 'PubTator', 'BioC', 'JSONL', 'Parquet']),
  documents: count,
  sentences: count,
  sizeBytes: count,
});
export type DocumentSource = z.infer<typeof documentSourceSchema>;

/** One source of a corpus, and how it was read; records from before there were documents have CoNLL sources alone. */
export const corpusSourceSchema = z.union([conllSourceSchema, documentSourceSchema]);
export type CorpusSource = z.infer<typeof corpusSourceSchema>;

export const splitCountsSchema = z.strictObject({
  sentences: count,
  tokens: count,
  mentions: count,
  /** Tokens of the longest sentence. */
  longest: count,
  perType: z.record(z.string(), count),
});
export type SplitCounts = z.infer<typeof splitCountsSchema>;

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
