// Declares the calls and events between the lab and the worker that reads dropped files.
import type { ColumnChoice, ColumnSurvey } from '../data/corpus/columnChoice.ts';
import type { Issue } from '../data/corpus/issues.ts';
import type { AnnotatedDocument } from '../data/documents/document.ts';
import type { RefusedCorpus } from '../data/import/assembleCorpora.ts';
import type { DroppedModel, ForeignFile } from '../data/import/sortDrop.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { PlanFile } from '../schema/planFile.ts';
import type { ReportedScore } from '../schema/reportedScores.ts';
import type { LabErrorData } from '../util/labError.ts';
import type { Progress } from '../util/work.ts';
import type { Client } from './calls.ts';
import type { DictionaryContext, ReadDictionary, SilverCorpus, SilverOrder } from './dictionaryProtocol.ts';

/** What the lab says about a drop besides its files. */
export interface DropContext {
  /** The corpora of the library, whose names are taken. */
  readonly corpora: readonly { readonly id: string; readonly name: string }[];
  /** Whether the corpora come with the lab. */
  readonly builtIn: boolean;
  /** ISO date and time of the import. */
  readonly addedAt: string;
  /** The group of the only corpus wanted; null for everything in the drop. */
  readonly only: string | null;
  /** The columns that a person chose for rows, by the group of a corpus. */
  readonly choices: ReadonlyMap<string, ColumnChoice>;
}

/** A corpus of the drop, stored before it is reported. */
export interface ReadCorpus {
  /** Its record, or that of the corpus with the same sentences that was stored already. */
  readonly id: string;
  /** Null if a corpus with the same sentences was stored already. */
  readonly record: CorpusRecord | null;
  /** Whether the stored corpus with the same sentences was damaged and is written again. */
  readonly isMended: boolean;
  /** The name by its files, which another corpus may have. */
  readonly name: string;
  /** What its files share: the key of a choice of columns. */
  readonly group: string;
  /** What was found in the columns of rows; null for other formats. */
  readonly survey: ColumnSurvey | null;
}

/** The files of one folder that holds a model, or parts of one, as far as they are read. */
export interface ModelReading extends Omit<DroppedModel, 'files'> {
  readonly files: readonly ModelPart[];
}

/** `content` is null for a file of the drop itself, which is too large to be read for a look. */
export interface ModelPart {
  readonly path: string;
  readonly content: Blob | null;
}

/** A file of one kind, read, or why it was refused. */
export type ReadFile<Content> =
  { readonly name: string; readonly content: Content } | { readonly name: string; readonly error: LabErrorData };

/** A result file of the drop, stored before it is reported: its id is the start of its checksum. */
export interface ReadResult {
  readonly id: string;
}

/** What a drop contains. */
export interface DropReading {
  readonly corpora: readonly ReadCorpus[];
  /** Corpora for which there was no room. */
  readonly unstored: readonly { readonly name: string; readonly error: LabErrorData }[];
  readonly refused: readonly RefusedCorpus[];
  readonly models: readonly ModelReading[];
  readonly plans: readonly ReadFile<PlanFile>[];
  readonly results: readonly ReadFile<ReadResult>[];
  /** Tables of scores. */
  readonly scores: readonly ReadFile<readonly ReportedScore[]>[];
  /** Files known by name that no model is beside. */
  readonly foreign: readonly ForeignFile[];
  /** Paths of files that are none of these, except those in a model's folder. */
  readonly others: readonly string[];
  /** What was wrong with archives and packed files. */
  readonly issues: readonly Issue[];
}

/** The documents of files to be tagged. */
export interface TextReading {
  readonly documents: readonly AnnotatedDocument[];
  readonly issues: readonly Issue[];
  readonly issueCount: number;
}

/** A dropped file as sent: a blob travels without its bytes. */
export interface SentFile {
  readonly path: string;
  readonly content: Blob;
}

export interface ReadingCalls {
  /** Reads what was dropped and stores its corpora and results. Rejects when a file can no longer be read. */
  readDrop(asked: { readonly files: readonly SentFile[]; readonly context: DropContext }): DropReading;
  /** Reads files to be tagged. Rejects when a file can no longer be read. */
  readTexts(files: readonly SentFile[]): TextReading;
  /** Reads a file of terms and stores it. Rejects with `dictionary/...` and `storage/full`. */
  readDictionary(asked: { readonly file: SentFile; readonly context: DictionaryContext }): ReadDictionary;
  /** Marks the terms of a stored dictionary. Rejects with `dictionary/...` and `storage/...`. */
  markTerms(order: SilverOrder): SilverCorpus;
}

/** The lab's end of the wire; closing it ends the reading. */
export type ReadingClient = Client<ReadingCalls, Progress>;
