// The sentences of a split as documents, with the mentions that somebody found in them.
import type { AnnotatedDocument, AnnotatedMention, DocumentText } from '../data/annotatedDocument.ts';
import { annotateSentences } from '../data/annotateSentences.ts';
import type { Mention } from '../data/corpus.ts';
import { documentsOfSentences } from '../data/documentsOfSentences.ts';

/** Sentences that make a document where nobody knows which ones belong together. */
const SENTENCES_A_DOCUMENT = 50;

interface MentionedSentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly (Mention & Partial<Pick<AnnotatedMention, 'confidence'>>)[];
}

/**
 * The texts that the sentences come from, on end; where they came without (null), texts called `name-1` and so on, of tokens joined by
 * spaces.
 */
export function documentsOfSplit(
  name: string,
  sentences: readonly MentionedSentence[],
  texts: readonly DocumentText[] | null,
): AnnotatedDocument[] {
  let next = 0;
  return (texts ?? documentsOfSentences(sentences, name, SENTENCES_A_DOCUMENT)).map((document) => {
    const own = sentences.slice(next, next + document.sentences.length);
    next += document.sentences.length;
    return annotateSentences(document, own.map(({ mentions }) => mentions)); // prettier-ignore
  });
}
