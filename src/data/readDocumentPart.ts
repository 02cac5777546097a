// Reads one part that holds documents, whatever its format.
import type { DocumentSource } from '../schema/corpusRecord.ts';
import type { CorpusPart } from './corpusParts.ts';
import { readBrat } from './formats/brat.ts';
import type { DocumentReading } from './formats/documentReading.ts';

/** A part of any format but rows of tokens. */
export interface DocumentPart extends CorpusPart {
  readonly format: DocumentSource['format'];
}

/** Never throws for what the files hold. */
export function readDocumentPart({ files }: DocumentPart): DocumentReading {
  return readBrat(files);
}
