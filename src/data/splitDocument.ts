// The noun of a document as it comes to a corpus.
import type { DocumentText } from './annotatedDocument.ts';
import type { Sentence } from './corpus.ts';

export interface SplitDocument {
  /** The same for the same document wherever it was dropped: the seeded devel split is drawn by it. */
  readonly id: string;
  readonly sentences: readonly Sentence[];
  /** Where the tokens of the sentences stand; null for rows of tokens, which have no text. */
  readonly text: DocumentText | null;
}
