// Reads the text to tag: pasted text, files of any supported format, or a split of a corpus.
import type { CorpusSentences, Mention } from '../../data/corpus/corpus.ts';
import type { AnnotatedDocument, AnnotatedMention, CorpusTexts, DocumentText } from '../../data/documents/document.ts';
import { annotateSentences, documentOfLongText, documentsOfSentences } from '../../data/documents/documentSentences.ts';
import { macrotask } from '../../util/clock.ts';
import type { DroppedFile } from '../../util/namedFile.ts';
import type { TextReading } from '../../wire/readingProtocol.ts';
import type { TaggingSource } from '../state/labState.ts';

/** Sentences per document when document boundaries are unknown. */
const SENTENCES_A_DOCUMENT = 50;

interface MentionedSentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly (Mention & Partial<Pick<AnnotatedMention, 'confidence'>>)[];
}

/**
 * Annotates the texts that the sentences come from, in order. Without texts (null), makes documents named `name-1` and so on, with tokens
 * joined by spaces.
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

/** Rejects if a file or corpus cannot be read at all. */
export async function readTextSource(
  source: TaggingSource,
  library: {
    readonly nameOf: (corpusId: string) => string;
    readonly read: (corpusId: string) => Promise<CorpusSentences>;
    readonly textsOf: (corpusId: string) => Promise<CorpusTexts | null>;
    readonly readFiles: (files: readonly DroppedFile[]) => Promise<TextReading>;
  },
): Promise<TextReading> {
  switch (source.kind) {
    case 'text':
      return withoutIssues([{ ...(await documentOfLongText('text', source.text, macrotask)), mentions: [] }]);
    case 'files':
      return library.readFiles(source.files);
    case 'corpus': {
      const sentences = (await library.read(source.corpusId))[source.split];
      const id = `${library.nameOf(source.corpusId)}-${source.split}`;
      const texts = await library.textsOf(source.corpusId);
      return withoutIssues(documentsOfSplit(id, sentences, texts && texts[source.split]));
    }
  }
}

function withoutIssues(documents: readonly AnnotatedDocument[]): TextReading {
  return { documents: documents.filter(({ sentences }) => sentences.length > 0), issues: [], issueCount: 0 };
}
