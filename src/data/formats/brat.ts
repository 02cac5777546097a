// Reads and writes BRAT standoff: a text, and a separate file of annotations whose offsets are Unicode code points.
import type { NamedFile } from '../../util/namedFile.ts';
import { spellConfidence } from '../../util/wording.ts';
import type { MentionLink } from '../corpus/corpus.ts';
import { IssueBudget, IssueList, quoted } from '../corpus/issues.ts';
import { TypeNames, typeName } from '../corpus/tagScheme.ts';
import { annotateDocument, countCodePoints } from '../documents/annotateDocument.ts';
import { plausibleCountings, type WrittenMention } from '../documents/countings.ts';
import {
  fileNames,
  type AnnotatedDocument,
  type CorpusDocument,
  type Span,
  type WrittenText,
} from '../documents/document.ts';
import { placeMentions } from '../documents/placeMentions.ts';
import { decodeText } from '../rows/decodeText.ts';
import { DocumentList, readWholeText, type DocumentReading } from './documentReading.ts';

/**
 * Reads `.ann` files with their `.txt`, in order of path; never throws. Lines of text-bound annotations (`T1`) are mentions;
 * normalisations (`N1`) give them ids; relations, events, attributes and notes are ignored. In the `.a1` and `.a2` of BioNLP shared tasks, which are read where there is no
 * `.ann`, triggers of events are ignored too. Annotations without text are an error, a text without annotations is ignored. A
 * carriage return before a line feed counts, as in BRAT itself, unless the texts of the mentions show that it does not.
 */
export function readBrat(files: readonly NamedFile[]): DocumentReading {
  const texts = new Map(files.filter(({ path }) => /\.txt$/i.test(path)).map((file) => [stemOfPath(file.path), file]));
  const byStem = new Map<string, NamedFile[]>();
  for (const file of files) {
    if (!isAnnotations(file.path)) continue;
    const members = byStem.get(stemOfPath(file.path));
    if (members === undefined) byStem.set(stemOfPath(file.path), [file]);
    else members.push(file);
  }
  const documents = new DocumentList();
  const lists: IssueList[] = [];
  const types = new TypeNames();
  const budget = new IssueBudget();
  for (const [stem, members] of byStem) {
    const whole = members.filter(({ path }) => /\.ann$/i.test(path));
    const used = (whole.length > 0 ? whole : members).map((file) => ({
      file,
      issues: new IssueList(file.path, budget),
    }));
    const [{ issues } = { issues: new IssueList(stem) }] = used;
    for (const one of used) lists.push(one.issues);
    if (whole.length > 0 && whole.length < members.length) {
      issues.add('info', 'corpus/two-annotations', null, 'Read in place of the .a1 and .a2 beside it.');
    }
    const text = texts.get(stem);
    if (text === undefined) {
      issues.add('error', 'corpus/no-text', null, `There is no ${quoted(`${nameOf(stem)}.txt`)} beside it.`);
      continue;
    }
    const textIssues = new IssueList(text.path, budget);
    lists.push(textIssues);
    const document = readDocument(nameOf(stem), text, used, textIssues, types);
    if (document !== null) documents.add(document);
  }
  const [first] = lists;
  if (first !== undefined) {
    types.report(first);
    documents.report(first);
  }
  return { documents: documents.documents, issues: lists };
}

/** Whether a path is that of an annotation file of BRAT or of a BioNLP shared task. */
export function isAnnotations(path: string): boolean {
  return /\.(ann|a1|a2)$/i.test(path);
}

/** Removes the extension of annotations and of texts from a path: the files of a document have the same stem. */
export function stemOfPath(path: string): string {
  return path.replace(/\.(ann|a1|a2|txt)$/i, '');
}

/** A file of annotations with the list of its problems. */
interface Annotations {
  readonly file: NamedFile;
  readonly issues: IssueList;
}

function readDocument(
  id: string,
  text: NamedFile,
  annotations: readonly Annotations[],
  textIssues: IssueList,
  types: TypeNames,
): AnnotatedDocument | null {
  const content = readWholeText(text.bytes, textIssues);
  const hadMark = text.bytes[0] === 0xef && text.bytes[1] === 0xbb && text.bytes[2] === 0xbf;
  const countings = plausibleCountings(content ?? '', { hadMark });
  const mentions: CorpusDocument['mentions'][number][] = [];
  const faults: Span[] = [];
  let isBroken = content === null;
  for (const { file, issues } of annotations) {
    const written = readAnnotations(file, issues);
    if (written === null) isBroken = true;
    if (written === null || content === null) continue;
    const placed = placeMentions(content, countings, written, types, issues);
    for (const mention of placed.mentions) mentions.push(mention);
    for (const fault of placed.faults) faults.push(fault);
  }
  const [first] = annotations;
  if (isBroken || content === null || first === undefined) return null;
  return annotateDocument(id, { text: content, parts: [], mentions, faults }, first.issues);
}

/** Returns the mentions of a file; null if it is no text, or most of its rows cannot be read. */
function readAnnotations({ path, bytes }: NamedFile, issues: IssueList): WrittenMention[] | null {
  if (readWholeText(bytes, issues) === null) return null;
  const written: { readonly name: string; readonly mention: WrittenMention }[] = [];
  const unreadable: { readonly row: string; readonly line: number }[] = [];
  const triggers = new Set<string>();
  const links = new Map<string, MentionLink>();
  decodeText(bytes, Infinity).lines.forEach((row, index) => {
    const normalisation = readNormalisation(row);
    if (normalisation !== null) links.set(...normalisation);
    if (row.startsWith('E')) triggers.add(/^E\S*\t[^\s:]+:(T\S+)/.exec(row)?.[1] ?? '');
    if (row.trim() === '' || OTHER_ROWS.test(row)) return;
    const mention = readRow(row, index + 1);
    if (mention !== null) written.push({ name: /^T\S*/.exec(row)?.[0] ?? '', mention });
    else unreadable.push({ row: row.slice(0, 50), line: index + 1 });
  });
  const isMostly = unreadable.length > written.length;
  for (const { row, line } of unreadable) {
    const expected = 'T1, a tab, a type and its offsets, a tab, the text';
    const message = `Expected ${expected}, got ${quoted(row)}: the ${isMostly ? 'document' : 'mention'} is left out.`;
    issues.add('error', 'corpus/row', line, message);
  }
  if (isMostly) return null;
  const linked = written.map(({ name, mention }) => {
    const link = links.get(name);
    return { name, mention: link === undefined ? mention : { ...mention, link } };
  });
  if (/\.ann$/i.test(path)) return linked.map(({ mention }) => mention);
  const found = linked.filter(({ name }) => !triggers.has(name));
  if (found.length < written.length) {
    const message = `${written.length - found.length} triggers of events are no mentions: left out.`;
    issues.add('info', 'corpus/trigger', null, message);
  }
  return found.map(({ mention }) => mention);
}

/** Relations, events, attributes, modifications, normalisations, notes and equivalences. */
const OTHER_ROWS = /^[REAMN#*]/;

/** `T1<tab>Type 0 5;9 12<tab>text`; the text may be missing, as BRAT then takes it from the document, and a type may have spaces. */
function readRow(row: string, line: number): WrittenMention | null {
  const [, type, offsets, text] = /^T\S*\t([^\t]*\S) (\d+ \d+(?:;\d+ \d+)*)\s*(?:\t(.*))?$/s.exec(row) ?? [];
  if (type === undefined || offsets === undefined) return null;
  const fragments = offsets.split(';').map((pair): Span => {
    const [start = 0, end = 0] = pair.split(' ').map(Number);
    return { start, end };
  });
  return { type, fragments, text: text ?? null, line };
}

/** `N1<tab>Reference T1 MESH:D000544<tab>name`: which mention, and what it means. */
function readNormalisation(row: string): readonly [name: string, link: MentionLink] | null {
  const [, of, id, name = ''] = /^N\S*\tReference (T\S+) (\S+)\s*(?:\t(.*))?$/s.exec(row) ?? [];
  if (of === undefined || id === undefined) return null;
  const plain = id.startsWith(NO_RESOURCE) ? id.slice(NO_RESOURCE.length) : id;
  const decoded = plain.replace(/%(20|09|25)/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return [of, { id: decoded, ...(name.trim() !== '' && { name: name.trim() }) }];
}

/** BRAT's ids have that of a resource before a colon: this one where there is none. */
const NO_RESOURCE = 'ID:';

function spelledId(id: string): string {
  const plain = id.replace(/%/g, '%25').replace(/\t/g, '%09').replace(/\s/g, '%20');
  return /^(?!ID:)[^:\s]+:[^:]/.test(plain) ? plain : `${NO_RESOURCE}${plain}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Writes two files per document, named after its id. A confidence is an annotator note, as BRAT has no other field for numbers; an id is a
 * normalisation. */
export function writeBrat(documents: readonly AnnotatedDocument[], confidences: boolean): WrittenText[] {
  const names = fileNames(documents.map(({ id }) => id));
  return documents.flatMap((document, index) => [
    { path: `${names[index] ?? index}.txt`, text: plainText(document.text) },
    { path: `${names[index] ?? index}.ann`, text: writeRows(document, confidences) },
  ]);
}

/** A byte order mark at the start would not be read as text, and zero bytes make a file binary: both are replaced, so that offsets stay. */
function plainText(text: string): string {
  return text.replace(/^\ufeff/, ' ').replaceAll('\0', '\ufffd');
}

function writeRows({ text, mentions }: AnnotatedDocument, confidences: boolean): string {
  const placeOf = countCodePoints(text);
  return mentions
    .map(({ type, start, end, confidence, link }, index) => {
      // BRAT breaks a mention at the end of a line.
      const lines = [...text.slice(start, end).matchAll(/[^\r\n]*\S[^\r\n]*/g)];
      const fragments = lines.map((line) => {
        const from = start + line.index;
        return `${placeOf(from)} ${placeOf(from + line[0].length)}`;
      });
      const spelled = plainText(lines.map(([line]) => line).join(' '));
      const name = plainText((link?.name ?? text.slice(start, end)).replace(/\s+/g, ' '));
      const meaning = link === undefined ? '' : `N${index + 1}\tReference T${index + 1} ${spelledId(link.id)}\t${name}\n`; // prettier-ignore
      const row = `T${index + 1}\t${typeName(type)} ${fragments.join(';')}\t${spelled}\n${meaning}`;
      if (confidence === null || !confidences) return row;
      return `${row}#${index + 1}\tAnnotatorNotes T${index + 1}\tconfidence ${spellConfidence(confidence)}\n`;
    })
    .join('');
}
