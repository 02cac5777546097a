// Writes BioC, as XML and as JSON.
import type { AnnotatedDocument } from '../documents/document.ts';
import { countCodePoints } from '../documents/offsets.ts';
import { spellConfidence } from '../rows/spellConfidence.ts';
import { linkInfons } from './documentReading.ts';

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
