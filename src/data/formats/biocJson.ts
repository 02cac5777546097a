// Reads BioC JSON: a collection, a document, a list of documents, or one document a line.
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { IssueList } from '../issueList.ts';
import type { WrittenMention } from '../placeMentions.ts';
import { documentOfBioc, type BiocPassage, type BiocText } from './bioc.ts';
import type { DocumentReading } from './documentReading.ts';
import { readJsonItems } from './jsonItems.ts';
import { isJsonRecord, listOf, numberOf, spelled, type JsonRecord } from './jsonRecord.ts';
import type { NamedFile } from './namedFile.ts';

/** Reads one file; never throws. A document that is not as BioC has it is an error and left out. */
export function readBiocJson(file: NamedFile): DocumentReading {
  const issues = new IssueList(file.path);
  const documents: AnnotatedDocument[] = [];
  for (const { value, line } of readJsonItems(file.bytes, issues)) {
    for (const one of documentsIn(value)) {
      const id = spelled(one.id) ?? spelled(one._id) ?? `${documents.length + 1}`;
      const passages = listOf(one.passages).map((passage) => passageOf(passage, line));
      const whole = passages.flatMap((passage) => passage ?? []);
      if (passages.length === 0 || whole.length < passages.length) {
        const message = `Expected passages with offset, text and annotations in document ${id}: it is left out.`;
        issues.add('error', 'corpus/bioc', line, message);
        continue;
      }
      const document = documentOfBioc({ id, passages: whole }, issues);
      if (document.sentences.length > 0) documents.push(document);
    }
  }
  return { documents, issues: [issues] };
}

/** A collection has documents; PubTator calls its list of them PubTator3. */
function documentsIn(value: unknown): readonly JsonRecord[] {
  if (!isJsonRecord(value)) return [{}];
  const list = value.documents ?? value.PubTator3;
  return Array.isArray(list) ? list.map((one: unknown) => (isJsonRecord(one) ? one : {})) : [value];
}

function passageOf(value: unknown, line: number | null): BiocPassage | null {
  const stretch = textOf(value);
  if (stretch === null || !isJsonRecord(value)) return null;
  const sentences = listOf(value.sentences);
  const texts = sentences.flatMap((sentence) => textOf(sentence) ?? []);
  const annotations = [value, ...sentences].flatMap((one) =>
    isJsonRecord(one) ? listOf(one.annotations).flatMap((annotation) => annotationOf(annotation, line)) : [],
  );
  const text = texts.length > 0 && stretch.text === '' ? null : stretch.text;
  return { offset: stretch.offset, text, sentences: texts, annotations };
}

function textOf(value: unknown): BiocText | null {
  if (!isJsonRecord(value)) return null;
  const { offset, text = '' } = value;
  return typeof offset !== 'number' || typeof text !== 'string' ? null : { offset, text };
}

function annotationOf(value: unknown, line: number | null): WrittenMention[] {
  if (!isJsonRecord(value)) return [];
  const fragments = listOf(value.locations).flatMap((location) => {
    if (!isJsonRecord(location)) return [];
    const start = numberOf(location.offset);
    return { start, end: start + numberOf(location.length) };
  });
  // Annotations without a place are statements on the whole document.
  if (fragments.length === 0) return [];
  const infons = isJsonRecord(value.infons) ? value.infons : {};
  const type = spelled(infons.type) ?? spelled(infons.class) ?? spelled(infons.label) ?? '';
  return [{ type, fragments, text: typeof value.text === 'string' ? value.text : null, line }];
}
