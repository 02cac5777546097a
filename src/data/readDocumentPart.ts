// Reads one part that holds documents, whatever its format.
import type { DocumentSource } from './corpusSource.ts';
import type { CorpusPart } from './corpusParts.ts';
import { readBiocJson } from './formats/biocJson.ts';
import { readBiocXml } from './formats/biocXml.ts';
import { readBrat } from './formats/brat.ts';
import { isXml } from './formats/corpusFormat.ts';
import type { DocumentReading } from './formats/documentReading.ts';
import { readJsonl } from './formats/jsonl.ts';
import { readPubTator } from './formats/pubTator.ts';

/** A part of any format but rows of tokens. */
export interface DocumentPart extends CorpusPart {
  readonly format: DocumentSource['format'];
}

/** Never throws for what the files hold. */
export function readDocumentPart({ format, files }: DocumentPart): DocumentReading {
  const [file] = files;
  if (file === undefined) return { documents: [], issues: [] };
  switch (format) {
    case 'BRAT':
      return readBrat(files);
    case 'PubTator':
      return readPubTator(file);
    case 'BioC':
      return isXml(file.path, new TextDecoder().decode(file.bytes.subarray(0, 100)))
        ? readBiocXml(file)
        : readBiocJson(file);
    case 'JSONL':
    case 'Parquet':
      return readJsonl(files);
  }
}
