// Writes annotated documents: BioC, and JSON for doccano, spaCy, Label Studio and Hugging Face; BRAT and PubTator by their own files.
import type { NamedFile } from '../../util/namedFile.ts';
import { roundConfidence, spellConfidence } from '../../util/wording.ts';
import { mentionsToTags, tagOfType } from '../corpus/tagScheme.ts';
import { countCodePoints } from '../documents/annotateDocument.ts';
import { fittingCounting, plausibleCountings } from '../documents/countings.ts';
import type { AnnotatedDocument, AnnotatedMention, AnnotationFormat, WrittenText } from '../documents/document.ts';
import { sentencesOfDocument, tokenMentions } from '../documents/documentSentences.ts';
import { writeConllDocuments } from '../rows/conll.ts';
import { writeBrat } from './brat.ts';
import { linkInfons } from './documentReading.ts';
import { idNote, ownModel } from './labelStudio.ts';
import { writePubTator } from './pubTator.ts';
import { codePointName, unitKey } from './spanItem.ts';
import { idColumn } from './tokenItem.ts';

// Writes annotated documents in the requested format.

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

// Writes BioC, as XML and as JSON.

interface WrittenAnnotation {
  readonly id: string;
  readonly infons: Readonly<Record<string, string>>;
  readonly text: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Writes a collection with one passage per document, its whole text. Offsets are code points, as those of bioc for Python, bconv and PubTator, although
 * the specification requires bytes. Characters that XML cannot represent become U+FFFD.
 */
export function writeBiocXml(documents: readonly AnnotatedDocument[], source: string, confidences: boolean): string {
  const written = documents.map((document) => {
    const annotations = annotationsOf(document, confidences).map(({ id, infons, text, offset, length }) => {
      const named = Object.entries(infons).map(([key, value]) => `<infon key="${key}">${escaped(value)}</infon>`);
      const path = `<location offset="${offset}" length="${length}"/>`;
      return `<annotation id="${id}">${named.join('')}${path}<text>${escaped(text)}</text></annotation>\n`;
    });
    const passage = `<passage><offset>0</offset><text>${escaped(document.text)}</text>\n${annotations.join('')}</passage>`;
    return `<document><id>${escaped(document.id)}</id>${passage}</document>\n`;
  });
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n';
  return `${head}<collection><source>${escaped(source)}</source><date></date><key></key>\n${written.join('')}</collection>\n`;
}

/** Writes the same collection as JSON. */
export function writeBiocJson(documents: readonly AnnotatedDocument[], source: string, confidences: boolean): string {
  const collection = {
    source,
    date: '',
    key: '',
    infons: {},
    documents: documents.map((document) => ({
      id: document.id,
      infons: {},
      passages: [
        {
          infons: {},
          offset: 0,
          text: document.text,
          sentences: [],
          annotations: annotationsOf(document, confidences).map(({ id, infons, text, offset, length }) => ({
            id,
            infons,
            text,
            locations: [{ offset, length }],
          })),
          relations: [],
        },
      ],
      relations: [],
    })),
  };
  return `${JSON.stringify(collection)}\n`;
}

function annotationsOf({ text, mentions }: AnnotatedDocument, confidences: boolean): WrittenAnnotation[] {
  const placeOf = countCodePoints(text);
  return mentions.map(({ type, start, end, confidence, link }, index) => ({
    id: `${index + 1}`,
    infons: {
      type,
      ...linkInfons(link),
      ...(confidences && confidence !== null && { confidence: spellConfidence(confidence) }),
    },
    text: text.slice(start, end),
    offset: placeOf(start),
    length: placeOf(end) - placeOf(start),
  }));
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Writes a carriage return as a character reference, since XML parsers turn a bare one into a line feed. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => named[character] ?? '')
    .replaceAll('\r', '&#13;')
    .replace(/[\v\f]/g, ' ')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

// Writes annotated documents as JSON for doccano, spaCy, Label Studio and Hugging Face.

/** The tool whose JSON is written. */
export type JsonFlavour = 'doccano' | 'spaCy' | 'Label Studio' | 'Hugging Face';

/** Writes all documents; Label Studio gets one array, the others one item per line. */
export function writeJson(flavour: JsonFlavour, documents: readonly AnnotatedDocument[], confidences: boolean): string {
  switch (flavour) {
    case 'doccano':
      return writeDoccano(documents);
    case 'spaCy':
      return writeSpacy(documents, confidences);
    case 'Label Studio':
      return writeLabelStudio(documents, confidences);
    case 'Hugging Face':
      return writeHuggingFace(documents, confidences);
  }
}

/** One line per document: `{"id", "text", "label": [[start, end, type]]}`, in code points. It has no field for confidences. */
function writeDoccano(documents: readonly AnnotatedDocument[]): string {
  return jsonLines(
    documents.map((document) => ({
      id: document.id,
      text: document.text,
      label: inCodePoints(document).map(({ start, end, type }) => [start, end, type]),
      ...unitOf(document),
    })),
  );
}

/** One line per document: `{"id", "text", "ents": [{"start", "end", "label", "kb_id"}]}`, in code points, with the names of `Doc.to_json`. */
function writeSpacy(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  return jsonLines(
    documents.map((document) => ({
      id: document.id,
      text: document.text,
      ents: inCodePoints(document).map(({ start, end, type, confidence, link }) => ({
        start,
        end,
        label: type,
        ...(link !== undefined && { kb_id: link.id }),
        ...(confidences ? scoreOf(confidence) : {}),
      })),
      ...unitOf(document),
    })),
  );
}

/** Tasks with one prediction each, for import; offsets in UTF-16 units, as its editor counts. */
function writeLabelStudio(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  const tasks = documents.map(({ id, text, mentions }) => {
    const sure = mentions.flatMap(({ confidence }) => confidence ?? []);
    const mean = sure.length === 0 ? null : sure.reduce((sum, one) => sum + one, 0) / sure.length;
    return {
      data: { id, text },
      predictions: [
        {
          model_version: ownModel,
          ...(confidences ? scoreOf(mean) : {}),
          result: mentions.map(({ type, start, end, confidence, link }, index) => ({
            id: `m${index + 1}`,
            from_name: 'label',
            to_name: 'text',
            type: 'labels',
            ...(confidences ? scoreOf(confidence) : {}),
            ...(link !== undefined && { meta: { text: [`${idNote}${link.id}`] } }),
            value: { start, end, text: text.slice(start, end), labels: [type] },
          })),
        },
      ],
    };
  });
  return `${JSON.stringify(tasks, null, 1)}\n`;
}

/** One line per sentence: `{"id", "tokens", "ner_tags"}` with IOB2 tags, and a confidence or null for each token; `identifiers` likewise where there are ids. */
function writeHuggingFace(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  const rows = documents.flatMap((document) => {
    const mentions = tokenMentions(document);
    return sentencesOfDocument(document).map(({ tokens }, at) => {
      const own = mentions[at] ?? [];
      const scores = new Array<number | null>(tokens.length).fill(null);
      const ids = new Array<string | null>(tokens.length).fill(null);
      for (const { start, end, confidence, link } of own) {
        if (link !== undefined) ids.fill(link.id, start, end);
        if (confidence !== null) scores.fill(roundConfidence(confidence), start, end);
      }
      return {
        id: document.sentences.length === 1 ? document.id : `${document.id}-${at + 1}`,
        tokens,
        ner_tags: mentionsToTags(own, tokens.length, 'IOB2').map(tagOfType),
        ...(confidences ? { confidences: scores } : {}),
        ...(own.some(({ link }) => link !== undefined) && { [idColumn]: ids }),
      };
    });
  });
  return jsonLines(rows);
}

/** Says how offsets count where a reader without the texts of mentions would take them for offsets in another unit. */
function unitOf(document: AnnotatedDocument): { readonly [unitKey]?: string } {
  const countings = plausibleCountings(document.text);
  const written = inCodePoints(document).map(({ type, start, end }) => ({ type, fragments: [{ start, end }], text: null, line: null })); // prettier-ignore
  return fittingCounting(document.text, written, countings) === countings[0] ? {} : { [unitKey]: codePointName };
}

function inCodePoints({ text, mentions }: AnnotatedDocument): AnnotatedMention[] {
  const placeOf = countCodePoints(text);
  return mentions.map((mention) => ({ ...mention, start: placeOf(mention.start), end: placeOf(mention.end) }));
}

function scoreOf(confidence: number | null): { readonly score?: number } {
  return confidence === null ? {} : { score: roundConfidence(confidence) };
}

function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
