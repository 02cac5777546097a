// What all readers of documents share: the type of their result, the first step, and the items and fields of JSON files.
import { parseJson } from '../../util/validate.ts';
import { spellConfidence } from '../../util/wording.ts';
import type { MentionLink } from '../corpus/corpus.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { CountingHints, WrittenMention } from '../documents/countings.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { decodeText, encodingFault } from '../rows/decodeText.ts';

// The result type of all document readers, the first step they share, and the ids of annotations given as keys and values.

export interface DocumentReading {
  /** In file order, without documents that have no usable sentence. */
  readonly documents: readonly AnnotatedDocument[];
  /** One list for each file read. */
  readonly issues: readonly IssueList[];
}

/** Collects documents. Those without text are left out, which is reported once for all. */
export class DocumentList {
  readonly documents: AnnotatedDocument[] = [];
  #blank = 0;
  #firstBlank = '';

  add(document: AnnotatedDocument): void {
    if (document.sentences.length > 0) {
      this.documents.push(document);
      return;
    }
    // Of a text whose sentences are all left out, each is reported by itself.
    if (document.text.trim() !== '') return;
    if (this.#blank === 0) this.#firstBlank = document.id;
    this.#blank++;
  }

  report(issues: IssueList): void {
    if (this.#blank === 0) return;
    const first = quoted(this.#firstBlank);
    const said = this.#blank === 1 ? `Document ${first} has no text and is` : `${this.#blank} documents, ${first} first, have no text and are`; // prettier-ignore
    issues.add('info', 'corpus/empty-document', null, `${said} left out.`);
  }
}

/** Decodes a whole file without its byte order mark; null, and an error, if it is not UTF-8. */
export function readWholeText(bytes: Uint8Array, issues: IssueList): string | null {
  const unfit = encodingFault(bytes);
  if (unfit !== null) {
    issues.add('error', unfit.code, null, unfit.message);
    return null;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    issues.add('error', 'corpus/invalid-utf8', null, 'The file is not UTF-8.');
    return null;
  }
}

/** Names of infons that hold an id, the most common first. */
const idKeys = ['identifier', 'identifiers', 'conceptid', 'concept_id', 'mesh', 'omim', 'ncbi gene', 'ncbi taxonomy'];

/** Adds an infon to a link if it is part of one. */
export function withInfon(link: MentionLink | null, key: string, value: string): MentionLink | null {
  const [name, text] = [key.toLowerCase(), value.trim()];
  if (text === '' || text === '-' || text === '-1') return link;
  if (idKeys.includes(name)) return name === 'identifier' || (link?.id ?? '') === '' ? { ...link, id: text } : link;
  if (name === 'identifier_name') return { id: '', ...link, name: text };
  const score = Number(text);
  return name === 'identifier_score' && score >= 0 && score <= 1 ? { id: '', ...link, score } : link;
}

/** Nothing without an id. */
export function linkOf(link: MentionLink | null): { readonly link?: MentionLink } {
  return link === null || link.id === '' ? {} : { link };
}

/** The infons of a link. */
export function linkInfons(link: MentionLink | undefined): Readonly<Record<string, string>> {
  return {
    ...(link !== undefined && { identifier: link.id }),
    ...(link?.name !== undefined && { identifier_name: link.name }),
    ...(link?.score !== undefined && { identifier_score: spellConfidence(link.score) }),
  };
}

// Splits a JSON file into items, and reads the fields of an item.

/** A text with spans, as one item of a JSON file has it. */
export interface SpanItem {
  readonly id: string | null;
  readonly text: string;
  readonly written: readonly WrittenMention[];
  /** How its tool counts: Python in code points, browsers in UTF-16 units. */
  readonly hints: CountingHints;
  /** An annotator marked it as not to be used. */
  /** A key with further mentions, which are not read; null or absent if there is none. */
  readonly unread?: string | null;
  readonly isRejected: boolean;
  /** The text was HTML. */
  readonly isHtml?: boolean;
  /** Annotations of other people, which are not read. */
  readonly further?: number;
  /** Regions without a label. */
  readonly unlabelled?: number;
  /** Regions of texts of the item that are not read. */
  readonly unplaced?: number;
  /** The name of the text, where an item has several. */
  readonly part?: string;
}

/** An object parsed from JSON. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export function isJsonRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a number, also from its text form; NaN for anything else. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

/** Returns the elements of an array; none for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns a text or a number as text; null for anything else and for blank text. */
export function spelled(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** An item of a JSON file: a line of JSON lines, an element of an array, or the file's single value. */
export interface JsonItem {
  readonly value: unknown;
  /** 1-based; null if items are not on separate lines. */
  readonly line: number | null;
}

/** Keys under which a file that is one object holds its list. */
const listKeys = ['data', 'rows', 'examples', 'tasks', 'annotations'];

/** Reads the items of a file. Never throws: invalid JSON is an error, in JSON lines only for that line. Takes time linear in the size. */
export function readJsonItems(bytes: Uint8Array, issues: IssueList): JsonItem[] {
  const unfit = encodingFault(bytes);
  if (unfit !== null) {
    issues.add('error', unfit.code, null, unfit.message);
    return [];
  }
  const { lines, faults } = decodeText(bytes, Infinity);
  if (isJsonLines(lines, faults.size)) return readLines(lines, faults.keys(), issues);
  const text = readWholeText(bytes, issues);
  if (text === null) return [];
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    issues.add('error', 'corpus/json', null, `The file is no JSON, and no JSON lines: ${what}.`);
    return [];
  }
  return listIn(value).map((one) => ({ value: one, line: null }));
}

/** Whether most lines are separate values; a file of one line may be either, which only matters for an array. */
function isJsonLines(lines: readonly string[], faults: number): boolean {
  const written = lines.map((line) => line.trim()).filter((line) => line !== '');
  const closed = written.filter((line) => /^\{.*\}$|^\[.*\]$/s.test(line)).length;
  const [only = ''] = written;
  if (written.length === 1) return only.startsWith('{') && faults === 0;
  return 2 * closed > written.length;
}

function readLines(lines: readonly string[], faulty: Iterable<number>, issues: IssueList): JsonItem[] {
  for (const line of faulty) issues.add('error', 'corpus/invalid-utf8', line, 'Not UTF-8: the line is left out.');
  return lines.flatMap((text, index): JsonItem[] => {
    if (text.trim() === '') return [];
    const line = index + 1;
    try {
      const value: unknown = parseJson(text);
      return listIn(value, 'lines').map((one) => ({ value: one, line }));
    } catch {
      issues.add('error', 'corpus/json', line, `Expected a JSON object, got ${quoted(text)}: the line is left out.`);
      return [];
    }
  });
}

/** Returns the items of a value that is a list or holds one; a line is itself an item, unless it is the whole file. */
function listIn(value: unknown, where: 'lines' | 'file' = 'file'): readonly unknown[] {
  if (where === 'lines' && !isJsonRecord(value)) return [value];
  // A pair of a text and its annotations is an item, not a list of two.
  if (Array.isArray(value)) return typeof value[0] === 'string' ? [value] : value;
  if (!isJsonRecord(value)) return [value];
  const holdsText = Object.values(value).some((one) => typeof one === 'string');
  const key = holdsText ? undefined : listKeys.find((name) => Array.isArray(value[name]));
  const list = key === undefined ? null : value[key];
  return Array.isArray(list) ? list : [value];
}
