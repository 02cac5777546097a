// Reads BRAT standoff: a text and, beside it, a file of annotations whose offsets are Unicode code points.
import { annotateDocument } from '../annotateDocument.ts';
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { codePointOffsets, lineFeedOffsets } from '../characterOffsets.ts';
import type { Span } from '../corpusDocument.ts';
import { fittingOffsets } from '../fittingOffsets.ts';
import { IssueList, quoted } from '../issueList.ts';
import { placeMentions, type WrittenMention } from '../placeMentions.ts';
import { decodeText } from './decodeText.ts';
import { readWholeText, type DocumentReading } from './documentReading.ts';
import type { NamedFile } from './namedFile.ts';

/**
 * Reads `.ann` files with their `.txt`, in order of path; never throws. Lines of text-bound annotations (`T1`) are mentions,
 * relations, events, attributes and notes are not looked at. An `.ann` without text is an error, a text without `.ann` is
 * none of ours. A carriage return before a line feed counts, as in BRAT itself, unless the texts of the mentions say that it
 * does not.
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

/** Whether a path is that of BRAT annotations. */
export function isAnnotations(path: string): boolean {
  return /\.ann$/i.test(path);
}

/** A path without `.ann` or `.txt`: the same for both files of a document. */
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
