// Declares what the lab asks of the threads that read: dropped files, and dictionaries to read, to mark text with and to link by.
import type { ColumnChoice, ColumnSurvey, CorpusSentences, CorpusSource } from '../data/corpus/corpus.ts';
import type { Issue } from '../data/corpus/issues.ts';
import type { TermRules } from '../data/dictionary/termForms.ts';
import type { SilverReport } from '../data/dictionary/termMatcher.ts';
import type { AnnotatedDocument, CorpusTexts } from '../data/documents/document.ts';
import type { RefusedCorpus } from '../data/import/assembleCorpora.ts';
import type { DroppedModel, ForeignFile } from '../data/import/sortDrop.ts';
import type { CorpusRecord, DictionaryRecord } from '../schema/corpusRecord.ts';
import type { PlanFile, ReportedScore } from '../schema/resultFile.ts';
import type { Progress } from '../util/clock.ts';
import type { LabErrorData } from '../util/labError.ts';
import type { Client } from './calls.ts';

// Declares the calls and events between the lab and the worker that reads dropped files.

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

// Declares what the lab asks of dictionaries on other threads: to read one, to mark its terms in text, and to link mentions.

/** What the lab says about a dictionary besides its file. */
export interface DictionaryContext {
  /** Dictionaries of the library, whose names are taken. */
  readonly dictionaries: readonly Pick<DictionaryRecord, 'id' | 'name'>[];
  /** ISO date and time. */
  readonly addedAt: string;
}

/** A dictionary as read, and stored: its record, and whether it was not stored before. */
export interface ReadDictionary {
  readonly record: DictionaryRecord;
  readonly isNew: boolean;
}

/**
 * How sentences with marked terms are divided: as those of the corpus are, where the test sentences may have its annotation in place of terms; by a
 * seed; or all for training.
 */
export type SilverDivision =
  | { readonly kind: 'own'; readonly test: 'terms' | 'annotated' }
  | { readonly kind: 'divided'; readonly seed: number }
  | { readonly kind: 'train' };

export interface SilverSettings {
  readonly rules: TermRules;
  /** The type of all terms; null for those of the file. */
  readonly type: string | null;
  readonly division: SilverDivision;
}

/** Text to mark the terms of a stored dictionary in. */
export interface SilverOrder {
  readonly dictionaryId: string;
  /** The name of the text. */
  readonly source: string;
  /** Documents, or the corpus of this id. */
  readonly text: { readonly documents: readonly AnnotatedDocument[] } | { readonly corpusId: string };
  readonly settings: SilverSettings;
}

/** Sentences with marked terms, by split. */
export interface SilverCorpus {
  readonly sentences: CorpusSentences;
  /** Null for the sentences of a corpus of rows. */
  readonly texts: CorpusTexts | null;
  readonly sources: readonly CorpusSource[];
  readonly report: SilverReport;
}
