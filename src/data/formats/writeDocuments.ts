// Writes annotated documents in the requested format.
import type { NamedFile } from '../../util/namedFile.ts';
import type { AnnotationFormat } from '../documents/annotationFormats.ts';
import type { AnnotatedDocument, WrittenText } from '../documents/document.ts';
import { writeBiocJson, writeBiocXml } from './writeBioc.ts';
import { writeBrat } from './brat.ts';
import { writeConllDocuments } from '../rows/conll.ts';
import { writePubTator } from './pubTator.ts';
import { writeJson } from './writeJson.ts';

export interface WriteOptions {
  /** Name of the file, without its extension, in formats that put all documents in one file. */
  readonly name?: string;
  /** Whether to write confidences, if the format has a field for them. */
  readonly confidences?: boolean;
}

/** Writes documents to files; at least one file if there is a document. Takes time linear in the documents. */
export function writeDocuments(
  format: AnnotationFormat,
  documents: readonly AnnotatedDocument[],
  { name = 'documents', confidences = true }: WriteOptions = {},
): NamedFile[] {
  const encoder = new TextEncoder();
  const files = writeTexts(format, documents, { name, confidences });
  return files.map(({ path, text }) => ({ path, bytes: encoder.encode(text) }));
}

function writeTexts(
  format: AnnotationFormat,
  documents: readonly AnnotatedDocument[],
  { name, confidences }: Required<WriteOptions>,
): readonly WrittenText[] {
  switch (format) {
    case 'CoNLL':
      return [{ path: `${name}.tsv`, text: writeConllDocuments(documents, confidences) }];
    case 'BRAT':
      return writeBrat(documents, confidences);
    case 'PubTator':
      return [{ path: `${name}.pubtator`, text: writePubTator(documents) }];
    case 'BioC XML':
      return [{ path: `${name}.xml`, text: writeBiocXml(documents, name, confidences) }];
    case 'BioC JSON':
      return [{ path: `${name}.json`, text: writeBiocJson(documents, name, confidences) }];
    case 'Label Studio':
      return [{ path: `${name}.json`, text: writeJson(format, documents, confidences) }];
    case 'doccano':
    case 'spaCy':
    case 'Hugging Face':
      return [{ path: `${name}.jsonl`, text: writeJson(format, documents, confidences) }];
  }
}
