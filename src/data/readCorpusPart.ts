// Reads one part of a corpus, whatever its format.
import type { CorpusSource } from './corpusSource.ts';
import type { Split } from './corpus.ts';
import type { CorpusPart } from './corpusParts.ts';
import { readConll } from './formats/conll.ts';
import { IssueList } from './issueList.ts';
import { readDocumentPart } from './readDocumentPart.ts';
import { sentencesOfDocument } from './sentencesOfDocument.ts';
import type { SplitDocument } from './splitDocument.ts';

export interface PartReading {
  /** In the order of the files, those without a usable sentence left out. */
  readonly documents: readonly SplitDocument[];
  /** One list for each file read. */
  readonly issues: readonly IssueList[];
  /** Whether devel may be drawn from the documents; a CoNLL file is one document to us. */
  readonly isDrawable: boolean;
  /** What the corpus record says of `documents` of this part, all or some. */
  readonly sourceOf: (file: string, split: Split, documents: readonly SplitDocument[]) => CorpusSource;
}

/** Never throws for what the files hold. */
export function readCorpusPart(part: CorpusPart): PartReading {
  const { format, files, path } = part;
  const sizeBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (format === 'CoNLL') {
    const { sentences, layout, issues } = readConll(files[0]?.bytes ?? new Uint8Array(), path);
    const { scheme = 'none', separator = 'tab', tokenColumn = 0, tagColumn = 0 } = layout ?? {};
    return {
      documents: sentences.length === 0 ? [] : [{ id: path, sentences, text: null }],
      issues: [issues],
      isDrawable: false,
      sourceOf: (file, split, documents) => {
        const layoutOfFile = { scheme, separator, tokenColumn, tagColumn };
        return { file, split, ...layoutOfFile, sentences: countSentences(documents), sizeBytes };
      },
    };
  }
  const { documents, issues } = readDocumentPart({ ...part, format });
  const empty = new IssueList(path);
  if (documents.length === 0 && issues.every(({ count }) => count === 0)) {
    empty.add('error', 'corpus/empty', null, 'No usable sentence.');
  }
  return {
    documents: documents.map((document) => ({
      id: document.id,
      sentences: sentencesOfDocument(document),
      text: { id: document.id, text: document.text, sentences: document.sentences },
    })),
    issues: [...issues, empty],
    isDrawable: true,
    sourceOf: (file, split, some) => ({
      file,
      split,
      format,
      documents: some.length,
      sentences: countSentences(some),
      sizeBytes,
    }),
  };
}

function countSentences(documents: readonly SplitDocument[]): number {
  return documents.reduce((sum, { sentences }) => sum + sentences.length, 0);
}
