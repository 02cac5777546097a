// The types of how a corpus was read: its source files, and the counts of its splits.
import type { Split } from './corpus.ts';

/** A CoNLL file, and how its rows were interpreted. */
export interface ConllSource {
  readonly file: string;
  readonly split: Split;
  /** The detected scheme: IOB1, IOB2, IOBES, BIOLU, IO, or `none` for a file without mentions. */
  readonly scheme: 'IOB1' | 'IOB2' | 'IOBES' | 'BIOLU' | 'IO' | 'none';
  readonly separator: 'tab' | 'space' | 'comma' | 'semicolon';
  /** 0-based columns of token and tag. */
  readonly tokenColumn: number;
  readonly tagColumn: number;
  readonly sentences: number;
  readonly sizeBytes: number;
}

/** A file that holds documents rather than rows; for BRAT, the files of one folder and split. */
export interface DocumentSource {
  /** For BRAT a pattern, such as `NCBI/train/*.ann`; documents drawn for devel have a separate name. */
  readonly file: string;
  readonly split: Split;
  readonly format: 'BRAT' | 'PubTator' | 'BioC' | 'JSONL' | 'Parquet';
  readonly documents: number;
  readonly sentences: number;
  readonly sizeBytes: number;
}

/** Sentences that a person reviewed after a tagger, or in which terms of a dictionary were marked; for the corpus they were joined with, see its sources. */
export interface ReviewSource {
  /** Name of the text. */
  readonly file: string;
  readonly split: Split;
  readonly format: 'Review' | 'Dictionary';
  readonly documents: number;
  readonly sentences: number;
  readonly sizeBytes: number;
}

/** One source of a corpus, and how it was read. */
export type CorpusSource = ConllSource | DocumentSource | ReviewSource;

export interface SplitCounts {
  readonly sentences: number;
  readonly tokens: number;
  readonly mentions: number;
  /** Tokens of the longest sentence. */
  readonly longest: number;
  readonly perType: Readonly<Record<string, number>>;
}
