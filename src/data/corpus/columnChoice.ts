// The types of what a survey of the columns of a corpus found, and of the choice made among them; plain data, for a person to see and correct.
import type { ConllSource } from './corpusSource.ts';

/** What a column holds. `bare types`: types without a prefix, `O` among them; `number`: row numbers, ids and offsets. */
export type ColumnRole = 'token' | 'tag' | 'bare types' | 'chunk' | 'number' | 'other';

export interface SurveyedColumn {
  /** 0-based. */
  readonly index: number;
  /** Its name in the header of the files; null without a header. */
  readonly header: string | null;
  readonly role: ColumnRole;
  /** The tag scheme of a column of tags; null for other columns. */
  readonly scheme: ConllSource['scheme'] | null;
  /** The first few types of a column of tags or bare types. */
  readonly types: readonly string[];
}

/**
 * Which layer of nested annotation is read. `only`: the tag column as it is; `outer`: of overlapping mentions the longest, `inner`:
 * the shortest; `each`: all, every layer as a separate corpus.
 */
export const TAG_LAYERS = ['only', 'outer', 'inner', 'each'] as const;
export type TagLayer = (typeof TAG_LAYERS)[number];

/** The columns that a corpus is read from. Columns are 0-based. */
export interface ColumnChoice {
  readonly tokenColumn: number;
  readonly tagColumn: number;
  readonly layer: TagLayer;
  /** The tag columns read together when `layer` is not `only`; `tagColumn` alone for several tags in a cell. */
  readonly layerColumns: readonly number[];
  /** Whether the tag column holds types without a prefix: neighbouring tokens of one type are then one mention. */
  readonly readsBareTypes: boolean;
}

/** What was found in the rows of a corpus, one layout for all its files. */
export interface ColumnSurvey {
  readonly columns: readonly SurveyedColumn[];
  /** Of the first file; others of the corpus may have another one. */
  readonly separator: ConllSource['separator'];
  /** The rows of the first three sentences, at most 40, their cells cut at 40 characters; an empty row between sentences. */
  readonly preview: readonly (readonly string[])[];
  /** The choice the corpus is read with. */
  readonly chosen: ColumnChoice;
  /** Whether a cell of the chosen columns has several tags, or columns of tags are nested in one another, so that a layer can be chosen. */
  readonly isNested: boolean;
  /** Sentences saying why a person should look at the choice; empty if nothing else is plausible. */
  readonly doubts: readonly string[];
}
