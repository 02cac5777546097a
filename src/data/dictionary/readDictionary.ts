// Reads a dictionary from the bytes of a file, whatever its form, step by step.
import { LabError } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import { finishWork, type Work } from '../../util/work.ts';
import { IssueList } from '../corpus/issues.ts';
import { isGzip, pathWithoutGzip, unpackGzip } from '../import/gzip.ts';
import { decodeText, encodingFault } from '../rows/decodeText.ts';
import { countTerms, type DictionaryReading } from './dictionary.ts';
import { readJsonTerms } from './jsonTerms.ts';
import { looksLikeObo, readObo } from './oboTerms.ts';
import { readTable } from './tableTerms.ts';

/** What a tab can hold; the largest public vocabularies of one type are below it. */
export const dictionaryBounds = { bytes: 256 * 2 ** 20, terms: 3_000_000 } as const;

/** Characters that say which form a file has. */
const HEAD = 4096;

/**
 * Reads a file of OBO, TSV, CSV, JSON or JSON lines, packed with gzip or not; rows and items that cannot be read are issues with their line. Throws LabError
 * `dictionary/too-large`, `dictionary/encoding`, and `dictionary/empty` for a file without a term.
 */
export function* readDictionary(file: NamedFile): Work<DictionaryReading> {
  const { path, bytes } = unpacked(file);
  const issues = new IssueList(path);
  const unfit = encodingFault(bytes);
  if (unfit !== null)
    throw new LabError('dictionary/encoding', unfit.message, { expected: 'text in UTF-8', got: path });
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD)).replace(/^\ufeff/, '');
  const reading = yield* readForm(path, head, bytes, issues);
  if (reading.entries.length === 0) {
    const [first] = issues.listed;
    const said =
      first === undefined
        ? 'none'
        : `${first.line === null ? '' : `line ${first.line}: `}${first.message.replace(/\.$/, '')}`;
    throw new LabError('dictionary/empty', `${path} has no term that can be read.`, {
      expected: 'OBO, a table of ids and terms, or JSON of entries',
      got: reading.obsolete > 0 ? `${reading.obsolete} obsolete terms` : said,
    });
  }
  const terms = countTerms(reading.entries);
  if (terms > dictionaryBounds.terms) {
    throw new LabError('dictionary/too-large', `${path} has too many terms: take a part of it.`, {
      expected: `at most ${dictionaryBounds.terms.toLocaleString('en')}`,
      got: terms.toLocaleString('en'),
    });
  }
  return { ...reading, issues };
}

/** Reads a file at once. Throws as `readDictionary` does. */
export function dictionaryOf(file: NamedFile): DictionaryReading {
  return finishWork(readDictionary(file));
}

function* readForm(
  path: string,
  head: string,
  bytes: Uint8Array,
  issues: IssueList,
): Work<Omit<DictionaryReading, 'issues'>> {
  if (/\.(json|jsonl|ndjson)$/i.test(path) || (/^\s*[{[]/.test(head) && !looksLikeObo(head))) {
    return { format: 'JSON', obsolete: 0, ...(yield* readJsonTerms(bytes, issues)) };
  }
  const { lines, faults } = decodeText(bytes);
  for (const [line, fault] of faults) {
    issues.add('error', 'dictionary/line', line, fault === 'too-long' ? 'The line is too long to be a term: it is left out.' : 'Not UTF-8: the line is left out.'); // prettier-ignore
  }
  if (/\.obo$/i.test(path) || looksLikeObo(head)) {
    return { format: 'OBO', understood: 'stanzas of OBO', ...(yield* readObo(lines, issues)) };
  }
  const isCsv = !head.includes('\t') && (/\.csv$/i.test(path) || /[,;]/.test(head.split('\n', 1)[0] ?? ''));
  const isTable = isCsv && !/\.(tsv|txt)$/i.test(path);
  return { format: isTable ? 'CSV' : 'TSV', obsolete: 0, ...(yield* readTable(lines, isTable, issues)) };
}

/** Throws LabError `dictionary/too-large`, or `dictionary/packed` for a damaged archive. */
function unpacked(file: NamedFile): NamedFile {
  if (!isGzip(file.bytes)) return withinBounds(file);
  const content = unpackGzip(file, dictionaryBounds.bytes);
  if (typeof content === 'string') {
    throw new LabError('dictionary/packed', `${file.path} cannot be unpacked.`, { expected: content });
  }
  return withinBounds({ path: pathWithoutGzip(file.path), bytes: content.bytes });
}

function withinBounds(file: NamedFile): NamedFile {
  const { length } = file.bytes;
  if (length <= dictionaryBounds.bytes) return file;
  throw new LabError('dictionary/too-large', `${file.path} is too large to be read: take a part of it.`, {
    expected: `at most ${dictionaryBounds.bytes / 2 ** 20} MiB`,
    got: `${Math.ceil(length / 2 ** 20)} MiB`,
  });
}
