// Writes annotated documents as BioC, in XML or in JSON.
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { countCodePoints } from '../characterOffsets.ts';
import { spellConfidence } from './spellConfidence.ts';

interface WrittenAnnotation {
  readonly id: string;
  readonly infons: Readonly<Record<string, string>>;
  readonly text: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * A collection with one passage a document, which holds its whole text. Offsets are code points, as bioc for Python, bconv
 * and PubTator count, though the specification asks for bytes. Characters that XML cannot hold become U+FFFD.
 */
export function writeBiocXml(documents: readonly AnnotatedDocument[], source: string, confidences: boolean): string {
  const written = documents.map((document) => {
    const annotations = annotationsOf(document, confidences).map(({ id, infons, text, offset, length }) => {
      const named = Object.entries(infons).map(([key, value]) => `<infon key="${key}">${escaped(value)}</infon>`);
      const place = `<location offset="${offset}" length="${length}"/>`;
      return `<annotation id="${id}">${named.join('')}${place}<text>${escaped(text)}</text></annotation>\n`;
    });
    const passage = `<passage><offset>0</offset><text>${escaped(document.text)}</text>\n${annotations.join('')}</passage>`;
    return `<document><id>${escaped(document.id)}</id>${passage}</document>\n`;
  });
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n';
  return `${head}<collection><source>${escaped(source)}</source><date></date><key></key>\n${written.join('')}</collection>\n`;
}

/** The same as JSON. */
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
  return mentions.map(({ type, start, end, confidence }, index) => ({
    id: `${index + 1}`,
    infons: { type, ...(confidences && confidence !== null ? { confidence: spellConfidence(confidence) } : {}) },
    text: text.slice(start, end),
    offset: placeOf(start),
    length: placeOf(end) - placeOf(start),
  }));
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A carriage return is written as a number, since readers of XML take a bare one for a line feed. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => named[character] ?? '')
    .replaceAll('\r', '&#13;')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
