// Reads the text to tag: pasted text, files of any supported format, or a split of a corpus.
import type { CorpusSentences, Mention } from '../../data/corpus/corpus.ts';
import type { Issue } from '../../data/corpus/issues.ts';
import type { AnnotatedDocument, AnnotatedMention, CorpusTexts, DocumentText } from '../../data/documents/document.ts';
import { annotateSentences, documentOfText, documentsOfSentences } from '../../data/documents/documentSentences.ts';
import { unpackParquet } from '../../data/formats/parquet.ts';
import { readArchive } from '../../data/import/archive.ts';
import { detectFormat, leadingBytes } from '../../data/import/detectFormat.ts';
import { readDocuments } from '../../data/import/readDocuments.ts';
import { macrotask } from '../../util/clock.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import { isClutter } from '../library/sortDrop.ts';
import type { DroppedFile, TaggingSource } from '../state/labState.ts';

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

interface TextReading {
  readonly documents: readonly AnnotatedDocument[];
  readonly issues: readonly Issue[];
  readonly issueCount: number;
}

/** Rejects if a file or corpus cannot be read at all. */
export async function readTextSource(
  source: TaggingSource,
  library: {
    readonly nameOf: (corpusId: string) => string;
    readonly read: (corpusId: string) => Promise<CorpusSentences>;
    readonly textsOf: (corpusId: string) => Promise<CorpusTexts | null>;
  },
): Promise<TextReading> {
  switch (source.kind) {
    case 'text':
      return withoutIssues([{ ...documentOfText('text', source.text), mentions: [] }]);
    case 'files':
      return readFiles(source.files);
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

async function readFiles(dropped: readonly DroppedFile[]): Promise<TextReading> {
  const files: NamedFile[] = [];
  const issues: Issue[] = [];
  let issueCount = 0;
  async function unpack({ path, bytes }: NamedFile): Promise<void> {
    const format = detectFormat(path, bytes.subarray(0, leadingBytes));
    if (format === 'zip') {
      const archive = readArchive(bytes, path);
      issues.push(...archive.issues);
      issueCount += archive.issueCount;
      for (const inner of archive.files) await unpack(inner);
    } else if (format === 'parquet') {
      const unpacked = await unpackParquet({ path, bytes });
      if (unpacked.file !== null) files.push(unpacked.file);
      issues.push(...unpacked.issues);
      issueCount += unpacked.issues.length;
    } else {
      files.push({ path, bytes });
    }
  }
  for (const { path, bytes } of dropped) {
    if (!isClutter(path)) await unpack({ path, bytes: await bytes() });
    await macrotask();
  }
  const reading = readDocuments(files);
  return {
    documents: reading.documents,
    issues: [...issues, ...reading.issues],
    issueCount: issueCount + reading.issueCount,
  };
}
