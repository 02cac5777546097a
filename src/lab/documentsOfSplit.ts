// The sentences of a split as documents, with the mentions that somebody found in them.
import type { AnnotatedDocument, AnnotatedMention } from '../data/annotatedDocument.ts';
import { annotateSentences } from '../data/annotateSentences.ts';
import type { Mention } from '../data/corpus.ts';
import { documentsOfSentences } from '../data/documentsOfSentences.ts';

/** Sentences that make a document where nobody knows which ones belong together. */
const SENTENCES_A_DOCUMENT = 50;

interface MentionedSentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly (Mention & Partial<Pick<AnnotatedMention, 'confidence'>>)[];
}

/** Documents called `name-1` and so on, of tokens joined by spaces. */
export function documentsOfSplit(name: string, sentences: readonly MentionedSentence[]): AnnotatedDocument[] {
  return documentsOfSentences(sentences, name, SENTENCES_A_DOCUMENT).map((document, index) => {
    const own = sentences.slice(index * SENTENCES_A_DOCUMENT, (index + 1) * SENTENCES_A_DOCUMENT);
    return annotateSentences(document, own.map(({ mentions }) => mentions)); // prettier-ignore
  });
}
