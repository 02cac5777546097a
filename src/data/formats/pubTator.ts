// Reads and writes PubTator: titles and abstracts, with rows of mentions whose offsets run through both.
import type { NamedFile } from '../../util/namedFile.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import { TypeNames, typeName } from '../corpus/tagScheme.ts';
import { annotateDocument, countCodePoints } from '../documents/annotateDocument.ts';
import { plausibleCountings, type WrittenMention } from '../documents/countings.ts';
import { uniqueIds, type AnnotatedDocument } from '../documents/document.ts';
import { placeMentions } from '../documents/placeMentions.ts';
import { decodeText, encodingFault } from '../rows/decodeText.ts';
import { DocumentList, type DocumentReading } from './documentReading.ts';

/** A document being read. */
interface OpenDocument {
  readonly id: string;
  title: string | null;
  abstract: string | null;
  readonly written: WrittenMention[];
  broken: boolean;
}

/** What the column of ids has where there is none. */
const NO_IDS = /^(?:-|-1|None|null)?$/;

/** `123|t|A title`, with an id that contains neither a bar nor white space. */
const textRow = /^([^|\s]+)\|([ta])\|(.*)$/s;

/**
 * Reads one file; never throws. A document begins with its title, its text is title and abstract joined by a line feed, and its
 * mentions are the rows with two offsets; its ids are those of the sixth column; rows of relations are ignored. Offsets count code points unless the texts
 * of the mentions indicate UTF-16 units or bytes.
 */
export function readPubTator({ path, bytes }: NamedFile): DocumentReading {
  const issues = new IssueList(path);
  const unfit = encodingFault(bytes);
  if (unfit !== null) {
    issues.add('error', unfit.code, null, unfit.message);
    return { documents: [], issues: [issues] };
  }
  const documents = new DocumentList();
  const types = new TypeNames();
  let open: OpenDocument | null = null;
  const finish = () => {
    const document = open === null || open.broken ? null : placedDocument(open, types, issues);
    if (document !== null) documents.add(document);
    open = null;
  };
  const { lines, faults } = decodeText(bytes, Infinity);
  lines.forEach((row, index) => {
    const line = index + 1;
    if (faults.has(line)) {
      issues.add('error', 'corpus/invalid-utf8', line, 'Not UTF-8: the document is left out.');
      open ??= { id: '', title: null, abstract: null, written: [], broken: true };
      open.broken = true;
    } else if (row.trim() === '') {
      finish();
    } else {
      const [, id = '', part, text = ''] = textRow.exec(row) ?? [];
      if (part === 't' && (open === null || open.title !== null || open.id !== id)) finish();
      if (part !== undefined) open ??= { id, title: null, abstract: null, written: [], broken: false };
      readRow(row, line, open, { id, part, text }, issues);
    }
  });
  finish();
  types.report(issues);
  documents.report(issues);
  return { documents: documents.documents, issues: [issues] };
}

/** Whether the first line of a text is a PubTator title, rather than JSON or XML with bars in a text. */
export function looksLikePubTator(text: string): boolean {
  return /^\s*(?![{[<])[^|\s]+\|[ta]\|/.test(text);
}

function readRow(
  row: string,
  line: number,
  open: OpenDocument | null,
  { id, part, text }: { readonly id: string; readonly part: string | undefined; readonly text: string },
  issues: IssueList,
): void {
  const reject = (expected: string) => {
    if (open !== null) open.broken = true;
    issues.add('error', 'corpus/row', line, `Expected ${expected}, got ${quoted(row)}: the document is left out.`);
  };
  if (open === null) return reject('a title such as 123|t|Title first');
  if (part === 't' || part === 'a') {
    const key = part === 't' ? 'title' : 'abstract';
    if (open.id !== id) reject(`the abstract of ${open.id}`);
    else if (open[key] !== null) reject('one title and one abstract');
    else open[key] = text;
    return;
  }
  const cells = row.split('\t');
  const [owner, start = '', end = '', written = '', type = '', conceptId = ''] = cells;
  if (isRelation(cells)) return;
  if (owner !== open.id || cells.length < 4 || !isOffset(start) || !isOffset(end)) {
    return reject(`a row of ${open.id}: its id, two offsets, the text and the type, with tabs between`);
  }
  const link = NO_IDS.test(conceptId.trim()) ? {} : { link: { id: conceptId.trim() } };
  open.written.push({ type, fragments: [{ start: Number(start), end: Number(end) }], text: written, line, ...link });
}

const isOffset = (cell: string): boolean => /^\s*-?\d+\s*$/.test(cell);

/** Rows of relations have their name in the column of the start offset; with a digit in it and two numbers behind it, it is the id of a mention. */
function isRelation([, name = '', left = '', right = '', ...others]: readonly string[]): boolean {
  if (!/^\s*[A-Za-z]/.test(name) || left === '') return false;
  return !(/\d/.test(name) && isOffset(left) && isOffset(right) && others.length > 0);
}

function placedDocument(
  { id, title, abstract, written }: OpenDocument,
  types: TypeNames,
  issues: IssueList,
): AnnotatedDocument {
  const heading = title ?? '';
  const text = abstract === null || abstract === '' ? heading : `${heading}\n${abstract}`;
  const addedBreak = text.length > heading.length ? heading.length : null;
  const countings = plausibleCountings(text, { addedBreak });
  const parts = addedBreak === null ? [] : [addedBreak + 1];
  return annotateDocument(id, { text, parts, ...placeMentions(text, countings, written, types, issues) }, issues);
}

/**
 * Writes all documents, each followed by a blank line. The format has one line for a title and one for an abstract, so each line
 * break or tab becomes a space, which keeps all offsets (in code points) valid. It has no field for confidences.
 */
export function writePubTator(documents: readonly AnnotatedDocument[]): string {
  const ids = uniqueIds(documents.map(({ id }) => ({ id: id.replace(/[|\s]+/g, '_') || 'document' })));
  return documents.map((document, index) => `${writeOne(ids[index]?.id ?? '', document)}\n`).join('');
}

function writeOne(id: string, { text, mentions }: AnnotatedDocument): string {
  const title = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  // The separator between title and abstract counts as one character.
  const abstract = text.slice(title.length + 1);
  const placeOf = countCodePoints(text);
  const rows = mentions.map(({ type, start, end, link }) => {
    const cells = [
      id,
      placeOf(start),
      placeOf(end),
      oneLine(text.slice(start, end)),
      typeName(type),
      oneLine(link?.id ?? '-'),
    ];
    return cells.join('\t');
  });
  return [`${id}|t|${oneLine(title)}`, `${id}|a|${oneLine(abstract)}`, ...rows].map((row) => `${row}\n`).join('');
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\t]/g, ' ').replaceAll('\0', '\ufffd');
}
