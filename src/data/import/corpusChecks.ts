// Checks a corpus: bounds what is read of it, and remarks on what was read without a fault and is seldom meant.
import type { Split } from '../corpus/corpus.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import type { SplitDocument } from '../documents/document.ts';
import { groupBy, type CorpusPart } from './groupCorpusFiles.ts';

// Bounds what is read of a corpus, from its bytes alone: a tab cannot hold more, and a run would never end.

/** The most of one file that is read; `total` is the most bytes of a corpus, `resultBytes` of a result file. */
export const readingBounds = {
  rowBytes: 128 * 2 ** 20,
  rows: 10_000_000,
  documentBytes: 64 * 2 ** 20,
  /** Objects of a JSON file: items, mentions and what they are made of. */
  jsonObjects: 1_500_000,
  /** Tags of an XML file; most elements have two. */
  xmlTags: 6_000_000,
  /** Lines of text and mentions together. */
  lines: 2_000_000,
  /** Sentences of a corpus. */
  sentences: 1_000_000,
  total: 256 * 2 ** 20,
  resultBytes: 128 * 2 ** 20,
} as const;

const lineFeed = 0x0a;
const openBrace = 0x7b;
const lessThan = 0x3c;

interface Count {
  readonly noun: string;
  readonly byte: number;
  readonly most: number;
}

/** What is counted in the files of each format, before they are decoded. */
const counts: Readonly<Record<CorpusPart['format'], readonly Count[]>> = {
  CoNLL: [{ noun: 'rows', byte: lineFeed, most: readingBounds.rows }],
  BRAT: [{ noun: 'lines', byte: lineFeed, most: readingBounds.lines }],
  PubTator: [{ noun: 'lines', byte: lineFeed, most: readingBounds.lines }],
  BioC: [
    { noun: 'tags', byte: lessThan, most: readingBounds.xmlTags },
    { noun: 'objects', byte: openBrace, most: readingBounds.jsonObjects },
  ],
  JSONL: [{ noun: 'objects', byte: openBrace, most: readingBounds.jsonObjects }],
  Parquet: [{ noun: 'objects', byte: openBrace, most: readingBounds.jsonObjects }],
};

/** Returns an error for a part of a corpus that is too large to be read; null for one that is not. Reads no more than the bytes. */
export function tooLarge({ format, files, path }: CorpusPart): IssueList | null {
  const fault = faultOf(format, files.map(({ bytes }) => bytes)); // prettier-ignore
  if (fault === null) return null;
  const issues = new IssueList(path);
  issues.add('error', 'corpus/too-large', null, `${fault}. Divide the corpus, or take a part of it.`);
  return issues;
}

function faultOf(format: CorpusPart['format'], files: readonly Uint8Array[]): string | null {
  const mostBytes = format === 'CoNLL' ? readingBounds.rowBytes : readingBounds.documentBytes;
  const size = files.reduce((sum, { length }) => sum + length, 0);
  if (size > mostBytes) return `Too large to be read: expected at most ${mebibytes(mostBytes)}, got ${mebibytes(size)}`;
  for (const { noun, byte, most } of counts[format]) {
    const count = files.reduce((sum, bytes) => sum + occurrences(bytes, byte), 0);
    if (count > most) return `Too large to be read: expected at most ${written(most)} ${noun}, got ${written(count)}`;
  }
  return null;
}

/** Keeps the sentences and bytes of one corpus within bounds, part by part. */
export class CorpusBudget {
  private bytes = 0;
  private sentences = 0;

  /** Returns an error if the corpus would be too large with this part; null and counts it otherwise. */
  refuse({ path, files }: CorpusPart, sentences: number): IssueList | null {
    const bytes = this.bytes + files.reduce((sum, file) => sum + file.bytes.length, 0);
    const all = this.sentences + sentences;
    const fault =
      bytes > readingBounds.total
        ? `at most ${mebibytes(readingBounds.total)}, got ${mebibytes(bytes)}`
        : all > readingBounds.sentences
          ? `at most ${written(readingBounds.sentences)} sentences, got ${written(all)}`
          : null;
    if (fault === null) {
      this.bytes = bytes;
      this.sentences = all;
      return null;
    }
    const issues = new IssueList(path);
    const message = `The corpus is too large with this file, which is left out: expected ${fault}. Divide the corpus, or take a part of it.`;
    issues.add('error', 'corpus/too-large', null, message);
    return issues;
  }
}

function occurrences(bytes: Uint8Array, wanted: number): number {
  let count = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) count++;
  return count;
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

function written(count: number): string {
  return count.toLocaleString('en');
}

// Remarks on what was read of a corpus without a fault and is seldom meant: no mention, types that are nearly the same, the same file twice.

/** A part of a corpus with what was read of it. */
export interface ReadPart {
  readonly path: string;
  readonly split: Split;
  readonly documents: readonly SplitDocument[];
  readonly files: CorpusPart['files'];
}

/** Adds a list for each remark; nothing is read otherwise for it. */
export function remarkDoubts(parts: readonly ReadPart[], lists: IssueList[]): void {
  remarkNoMentions(parts, lists);
  remarkTypes(parts, lists);
  remarkTwins(parts, lists);
}

/** A corpus or train file without a mention is a warning, another file an info: it may be right, but is never silent. */
function remarkNoMentions(parts: readonly ReadPart[], lists: IssueList[]): void {
  const hasMention = ({ documents }: ReadPart) =>
    documents.some(({ sentences }) => sentences.some(({ mentions }) => mentions.length > 0));
  const without = parts.filter((part) => !hasMention(part));
  for (const { path, split } of without.length === parts.length ? without.slice(0, 1) : without) {
    const issues = new IssueList(path);
    if (without.length === parts.length) {
      issues.add(
        'warning',
        'corpus/no-mentions',
        null,
        'The corpus has no mention: no file of it has a tag but O, or a span.',
      );
    } else {
      issues.add(split === 'train' ? 'warning' : 'info', 'corpus/no-mentions', null, 'The file has no mention.');
    }
    lists.push(issues);
  }
}

/** An id such as `D003920` after a mark, or a score. */
const idAtEnd = /[|:#;=@][^|:#;=@]*\d[^|:#;=@]*$|[/(,][^/(,]*\d\d[^/(,]*$|[|:/#(_=@][01]?\.\d+\)?$/;
const joints = /[,;|+&]/;
/** A tag within the name of a type, such as the second of `DNA#B-protein`. */
const tagInType = /(^|[^A-Za-z])[BIESLUM]-[A-Za-z]/;

function remarkTypes(parts: readonly ReadPart[], lists: IssueList[]): void {
  /** The first file of each type. */
  const types = new Map<string, string>();
  for (const { path, documents } of parts) {
    for (const { sentences } of documents) {
      for (const { mentions } of sentences)
        for (const { type } of mentions) if (!types.has(type)) types.set(type, path);
    }
  }
  const alike = groupBy([...types.keys()], (type) => type.toLowerCase().replace(/[_-]/g, ''));
  for (const names of alike.values()) {
    if (names.length < 2) continue;
    const message = `The types ${listed(names)} differ only in case or in the marks between words: each is a separate type.`;
    lists.push(warning(types.get(names[1] ?? '') ?? '', 'corpus/types-alike', message));
  }
  const tagged = [...types.keys()].filter((type) => tagInType.test(type));
  if (tagged.length > 0) {
    const message =
      `The types ${listed(tagged)} have a tag such as B-… in their name: a cell may hold several tags, as of nested annotation, or a name a prefix. ` +
      'Each is a separate type.';
    lists.push(warning(types.get(tagged[0] ?? '') ?? '', 'corpus/types-with-tags', message));
  }
  const names = [...types.keys()].filter((type) => !tagged.includes(type));
  const numbered = names.filter((type) => idAtEnd.test(type));
  if (numbered.length > 1) {
    const message = `${numbered.length} types, such as ${listed(numbered.slice(0, 2))}, have an id or a score after the name: each is a separate type.`;
    lists.push(warning(types.get(numbered[0] ?? '') ?? '', 'corpus/types-with-ids', message));
  }
  const joined = names.filter((type) => joints.test(type) && type.split(joints).some((part) => types.has(part)));
  if (joined.length > 0 && numbered.length < 2) {
    const message = `The types ${listed(joined)} are made of others: each is a separate type.`;
    lists.push(warning(types.get(joined[0] ?? '') ?? '', 'corpus/types-joined', message));
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(quoted);
  return `${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}

/** Files of one size that are compared with each other. */
const mostCompared = 200;

/** The same bytes under two names: a copy that trains twice, or a test that was trained on. */
function remarkTwins(parts: readonly ReadPart[], lists: IssueList[]): void {
  const bySize = groupBy(parts, ({ files }) => (files.length === 1 ? (files[0]?.bytes.length ?? 0) : -1));
  for (const [size, all] of bySize) {
    if (size <= 0) continue;
    const some = all.slice(0, mostCompared);
    some.forEach((part, index) => {
      const twin = some.slice(0, index).find((other) => isSame(part, other));
      if (twin === undefined) return;
      const where = twin.split === part.split ? ': its sentences are there twice' : `, which is ${twin.split}`;
      lists.push(warning(part.path, 'corpus/same-file', `The file is the same as ${twin.path}${where}.`));
    });
  }
}

function isSame({ files: [one] }: ReadPart, { files: [other] }: ReadPart): boolean {
  return one !== undefined && other !== undefined && one.bytes.every((byte, index) => byte === other.bytes[index]);
}

function warning(file: string, code: string, message: string): IssueList {
  const issues = new IssueList(file);
  issues.add('warning', code, null, message);
  return issues;
}
