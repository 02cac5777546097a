// Writes annotated documents as PubTator: the first line of a text as title, the rest as abstract.
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { countCodePoints } from '../characterOffsets.ts';
import { uniqueIds } from '../uniqueIds.ts';

/**
 * All documents, a blank line behind each. The format has one line for a title and one for an abstract, so line breaks and tabs
 * become as many spaces and all offsets, in code points, stay right. It has no place for confidences.
 */
export function writePubTator(documents: readonly AnnotatedDocument[]): string {
  const ids = uniqueIds(documents.map(({ id }) => ({ id: id.replace(/[|\s]+/g, '_') || 'document' })));
  return documents.map((document, index) => `${writeOne(ids[index]?.id ?? '', document)}\n`).join('');
}

function writeOne(id: string, { text, mentions }: AnnotatedDocument): string {
  const title = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  // What stands between title and abstract counts as one character.
  const abstract = text.slice(title.length + 1);
  const placeOf = countCodePoints(text);
  const rows = mentions.map(({ type, start, end }) => {
    const cells = [id, placeOf(start), placeOf(end), oneLine(text.slice(start, end)), type.replace(/\s+/g, '_'), '-'];
    return cells.join('\t');
  });
  return [`${id}|t|${oneLine(title)}`, `${id}|a|${oneLine(abstract)}`, ...rows].map((row) => `${row}\n`).join('');
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\t]/g, ' ');
}
