// Declares what the lab asks of dictionaries on other threads: to read one, to mark its terms in text, and to link mentions.
import type { CorpusSentences } from '../data/corpus/corpus.ts';
import type { CorpusSource } from '../data/corpus/corpusSource.ts';
import type { SilverReport } from '../data/dictionary/silverText.ts';
import type { TermRules } from '../data/dictionary/termForms.ts';
import type { AnnotatedDocument, CorpusTexts } from '../data/documents/document.ts';
import type { DictionaryRecord } from '../schema/dictionaryRecord.ts';

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
