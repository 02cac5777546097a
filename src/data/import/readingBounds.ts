// Bounds what is read of a corpus, from its bytes alone: a tab cannot hold more, and a run would never end.
import { IssueList } from '../corpus/issues.ts';
import type { CorpusPart } from './groupCorpusFiles.ts';

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
