// Reads one part of a corpus, whatever its format.
import type { CorpusSource } from '../schema/corpusRecord.ts';
import type { Split } from './corpus.ts';
import type { SplitDocument } from './corpusDocument.ts';
import type { CorpusPart } from './corpusParts.ts';
import { readBrat } from './formats/brat.ts';
import { readConll } from './formats/conll.ts';
import type { DocumentReading } from './formats/documentReading.ts';
import { IssueList } from './issueList.ts';

export interface PartReading extends DocumentReading {
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
      documents: sentences.length === 0 ? [] : [{ id: path, sentences }],
      issues: [issues],
      isDrawable: false,
      sourceOf: (file, split, documents) => {
        const layoutOfFile = { scheme, separator, tokenColumn, tagColumn };
        return { file, split, ...layoutOfFile, sentences: countSentences(documents), sizeBytes };
      },
    };
  }
  const { documents, issues } = readDocuments(part);
  const empty = new IssueList(path);
  if (documents.length === 0 && issues.every(({ count }) => count === 0)) {
    empty.add('error', 'corpus/empty', null, 'No usable sentence.');
  }
  return {
    documents,
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

function readDocuments({ files }: CorpusPart): DocumentReading {
  return readBrat(files);
}

function countSentences(documents: readonly SplitDocument[]): number {
  return documents.reduce((sum, { sentences }) => sum + sentences.length, 0);
}
