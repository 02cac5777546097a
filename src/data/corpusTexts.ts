// The texts that the sentences of a corpus come from, split by split.
import type { DocumentText } from './annotatedDocument.ts';
import type { Split } from './corpus.ts';

/** The sentences of the documents of a split, on end, are the sentences of the split. */
export type CorpusTexts = Readonly<Record<Split, readonly DocumentText[]>>;
