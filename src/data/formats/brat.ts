// Reads and writes BRAT standoff: a text, and a separate file of annotations whose offsets are Unicode code points.
import type { NamedFile } from '../../util/namedFile.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import { annotateDocument } from '../documents/annotateDocument.ts';
import type { AnnotatedDocument, Span, WrittenText } from '../documents/document.ts';
import { fileNames } from '../documents/documentNames.ts';
import { codePointOffsets, countCodePoints, lineFeedOffsets } from '../documents/offsets.ts';
import { fittingOffsets, placeMentions, type WrittenMention } from '../documents/placeMentions.ts';
import { decodeText } from './decodeText.ts';
import { readWholeText, type DocumentReading } from './documentReading.ts';
import { spellConfidence } from './spellConfidence.ts';

/**
 * Reads `.ann` files with their `.txt`, in order of path; never throws. Lines of text-bound annotations (`T1`) are mentions;
 * relations, events, attributes and notes are ignored. An `.ann` without text is an error, a text without `.ann` is ignored. A
 * carriage return before a line feed counts, as in BRAT itself, unless the texts of the mentions show that it does not.
 */
export function readBrat(files: readonly NamedFile[]): DocumentReading {
  const texts = new Map(files.filter(({ path }) => /\.txt$/i.test(path)).map((file) => [stemOfPath(file.path), file]));
  const documents: AnnotatedDocument[] = [];
  const lists: IssueList[] = [];
  for (const annotations of files) {
    if (!isAnnotations(annotations.path)) continue;
    const stem = stemOfPath(annotations.path);
    const issues = new IssueList(annotations.path);
    lists.push(issues);
    const text = texts.get(stem);
    if (text === undefined) {
      issues.add('error', 'corpus/no-text', null, `There is no ${quoted(`${nameOf(stem)}.txt`)} beside it.`);
      continue;
    }
    const textIssues = new IssueList(text.path);
    lists.push(textIssues);
    const document = readPair(nameOf(stem), text, annotations, issues, textIssues);
    if (document !== null && document.sentences.length > 0) documents.push(document);
  }
  return { documents, issues: lists };
}

/** Whether a path is that of a BRAT annotation file. */
export function isAnnotations(path: string): boolean {
  return /\.ann$/i.test(path);
}

/** Removes `.ann` or `.txt` from a path: both files of a document have the same stem. */
export function stemOfPath(path: string): string {
  return path.replace(/\.(ann|txt)$/i, '');
}

function readPair(
  id: string,
  text: NamedFile,
  annotations: NamedFile,
  issues: IssueList,
  textIssues: IssueList,
): AnnotatedDocument | null {
  const content = readWholeText(text.bytes, textIssues);
  const lines =
    readWholeText(annotations.bytes, issues) === null ? null : decodeText(annotations.bytes, Infinity).lines;
  if (content === null || lines === null) return null;
  const written: WrittenMention[] = [];
  let broken = false;
  lines.forEach((row, index) => {
    if (!row.startsWith('T')) return;
    const mention = readRow(row, index + 1);
    if (mention !== null) written.push(mention);
    else {
      broken = true;
      const expected = 'T1, a tab, a type and its offsets, a tab, the text';
      const message = `Expected ${expected}, got ${quoted(row)}: the document is left out.`;
      issues.add('error', 'corpus/row', index + 1, message);
    }
  });
  if (broken) return null;
  const placed = placeMentions(content, offsetsFor(content, written), written, issues);
  return annotateDocument(id, { text: content, parts: [], ...placed }, issues);
}

function offsetsFor(text: string, written: readonly WrittenMention[]) {
  if (!text.includes('\r\n')) return codePointOffsets(text);
  return fittingOffsets(text, written, [codePointOffsets, (whole) => lineFeedOffsets(whole, codePointOffsets)]);
}

/** `T1<tab>Type 0 5;9 12<tab>text`. */
function readRow(row: string, line: number): WrittenMention | null {
  const [, type, offsets, text] = /^T\S*\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)$/.exec(row) ?? [];
  if (type === undefined || offsets === undefined || text === undefined) return null;
  const fragments = offsets.split(';').map((pair): Span => {
    const [start = 0, end = 0] = pair.split(' ').map(Number);
    return { start, end };
  });
  return { type, fragments, text, line };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Writes two files per document, named after its id. A confidence is an annotator note, as BRAT has no other field for numbers. */
export function writeBrat(documents: readonly AnnotatedDocument[], confidences: boolean): WrittenText[] {
  const names = fileNames(documents.map(({ id }) => id));
  return documents.flatMap((document, index) => [
    { path: `${names[index] ?? index}.txt`, text: document.text },
    { path: `${names[index] ?? index}.ann`, text: writeRows(document, confidences) },
  ]);
}

function writeRows({ text, mentions }: AnnotatedDocument, confidences: boolean): string {
  const placeOf = countCodePoints(text);
  return mentions
    .map(({ type, start, end, confidence }, index) => {
      // BRAT breaks a mention at the end of a line.
      const lines = [...text.slice(start, end).matchAll(/[^\r\n]*\S[^\r\n]*/g)];
      const fragments = lines.map((line) => {
        const from = start + line.index;
        return `${placeOf(from)} ${placeOf(from + line[0].length)}`;
      });
      const spelled = lines.map(([line]) => line).join(' ');
      const row = `T${index + 1}\t${type.replace(/\s+/g, '_')} ${fragments.join(';')}\t${spelled}\n`;
      if (confidence === null || !confidences) return row;
      return `${row}#${index + 1}\tAnnotatorNotes T${index + 1}\tconfidence ${spellConfidence(confidence)}\n`;
    })
    .join('');
}
