// Reads word vectors of word2vec, GloVe and fastText from a stream, and takes from them only the words that are wanted.
import { LabError } from '../../util/labError.ts';
import { shortened } from '../../util/wording.ts';
import {
  floatsOf,
  LONGEST_WORD,
  VectorCollector,
  WORDS_A_TURN,
  type VectorReading,
  type WantedWords,
  type WordVectors,
} from './baselines.ts';
import { ByteSource, type StreamedFile } from './byteSource.ts';

/** Bytes of the stored file read so far. */
export interface ReadProgress {
  readonly doneBytes: number;
  readonly ofBytes: number;
}

/** Stored bytes between two reports. */
const REPORT_EVERY = 4 * 2 ** 20;
const LARGEST = { dimensions: 10_000, words: 1_000_000_000 };
const SPACE = 32;

/**
 * Reads a file of any of the formats, which its bytes tell apart, packed with gzip or not. Memory: the wanted vectors and a few hundred
 * kilobytes, whatever the size of the file. Throws LabError `vectors/damaged` or `vectors/format` with the byte where it went wrong, and the
 * reason of `signal`.
 */
export async function* readWordVectors(
  file: StreamedFile,
  wanted: WantedWords,
  signal: AbortSignal,
): AsyncGenerator<ReadProgress, WordVectors> {
  const source = await ByteSource.open(file);
  try {
    let reportedAt = 0;
    const reading = await formatOf(source, wanted);
    for (;;) {
      const step = await reading.next();
      signal.throwIfAborted();
      if (step.done === true) return step.value;
      if (source.storedBytes < reportedAt) continue;
      reportedAt = source.storedBytes + REPORT_EVERY;
      yield { doneBytes: source.storedBytes, ofBytes: file.sizeBytes };
    }
  } finally {
    await source.close();
  }
}

async function formatOf(source: ByteSource, wanted: WantedWords): Promise<VectorReading> {
  const head = await source.peek(4);
  if (head.length === 4 && new DataView(head.buffer, head.byteOffset).getInt32(0, true) === FASTTEXT_MAGIC) {
    return readFastText(source, wanted);
  }
  if (head.length === 0) throw source.damaged('an empty file', 'word vectors');
  const header = await headerOf(source);
  if (header === null) return readText(source, wanted, null);
  return (await isText(source, header)) ? readText(source, wanted, header) : readBinary(source, wanted, header);
}

interface Header {
  readonly words: number;
  readonly dimensions: number;
}

/** Uses the first line if it has two whole numbers: of words and of dimensions. Null without such a line. */
async function headerOf(source: ByteSource): Promise<Header | null> {
  const start = new TextDecoder('latin1').decode(await source.peek(64));
  const found = /^(\d{1,15})[ \t]+(\d{1,9})[ \t]*(?:\r?\n|$)/.exec(start);
  if (found === null) return null;
  const header = { words: Number(found[1]), dimensions: Number(found[2]) };
  for (const name of ['words', 'dimensions'] as const) {
    if (header[name] < 1 || header[name] > LARGEST[name]) {
      throw source.damaged(`a first line that says ${header[name]} ${name}`, `1 to ${LARGEST[name]} ${name}`);
    }
  }
  await source.skip(found[0].length, 'the first line');
  return header;
}

/** With as many, the bytes of binary numbers are hardly ever all text by chance. */
const TELLING_DIMENSIONS = 8;

/**
 * Whether what follows the first word is written in digits: in a binary file the bytes of its numbers are not, but a line feed and a space may
 * be among them. A first line that lacks numbers is damaged text if only text follows.
 */
async function isText(source: ByteSource, { dimensions }: Header): Promise<boolean> {
  const start = await source.peek(LONGEST_WORD + 4 * dimensions);
  const word = start.indexOf(SPACE);
  const numbers = start.subarray(word + 1, word + 1 + 4 * dimensions);
  const newline = numbers.indexOf(10);
  const firstLine = newline < 0 ? numbers : numbers.subarray(0, newline);
  const isWritten = firstLine.every((byte) => /[\d\s+\-.eEnNaAiIfF]/.test(String.fromCharCode(byte)));
  if (word < 0 || firstLine.length === 0 || !isWritten) return false;
  if (newline < 0) return true;
  const fields = new TextDecoder('latin1').decode(firstLine).split(/\s+/).filter(Boolean);
  if (fields.length === dimensions) return true;
  return dimensions >= TELLING_DIMENSIONS && numbers.every((byte) => byte >= SPACE || isSpace(byte) || byte === 10);
}

const none: ReadonlyMap<string, Float32Array> = new Map();

/** `<word> <number> … <number>` a line, with a first line of counts (word2vec, fastText) or without (GloVe). */
async function* readText(source: ByteSource, wanted: WantedWords, header: Header | null): VectorReading {
  const collector = new VectorCollector(source, wanted);
  const decoder = new TextDecoder();
  let dimensions = header?.dimensions ?? null;
  let rank = 0;
  for (; ; rank++) {
    if (rank % WORDS_A_TURN === 0) yield;
    const line = await source.line();
    if (line === null) break;
    const end = trimmedEnd(line);
    if (end === 0 && (await source.isAtEnd())) break;
    if (dimensions === null) {
      dimensions = fieldCount(line, end) - 1;
      if (dimensions < 1 || dimensions > LARGEST.dimensions) throw notVectors(source, line);
    }
    const numbersAt = startOfNumbers(line, end, dimensions);
    if (numbersAt < 2) {
      throw source.damaged(`a line with ${fieldCount(line, end) - 1} numbers`, `a word and ${dimensions} numbers in line ${rank + (header === null ? 1 : 2)}`); // prettier-ignore
    }
    const word = decoder.decode(line.subarray(0, numbersAt - 1));
    if (!collector.takes(word, rank)) continue;
    const fields = decoder.decode(line.subarray(numbersAt, end)).split(/[ \t]+/);
    collector.add(
      word,
      Float32Array.from(fields, (field) => numberOf(field, source, rank)),
    );
  }
  if (header !== null && rank !== header.words) throw otherCount(source, header, rank);
  const format = header === null ? 'GloVe text' : 'word2vec or fastText text';
  return { format, dimensions: dimensions ?? 0, fileWords: rank, vectors: collector.vectors, composed: none };
}

function notVectors(source: ByteSource, line: Uint8Array): LabError {
  const start = shortened(new TextDecoder().decode(line.subarray(0, 200)));
  return source.damaged(
    `the first line “${start}”`,
    'a word and its numbers, or the number of words and of dimensions',
  );
}

function otherCount(source: ByteSource, { words }: Header, found: number): LabError {
  return source.damaged(`${found} words`, `${words} words, as the first line says`);
}

const isSpace = (byte: number | undefined): boolean => byte === SPACE || byte === 9 || byte === 13;

function trimmedEnd(line: Uint8Array): number {
  let end = line.length;
  while (end > 0 && isSpace(line[end - 1])) end--;
  return end;
}

function fieldCount(line: Uint8Array, end: number): number {
  let count = end > 0 ? 1 : 0;
  for (let index = 1; index < end; index++) if (isSpace(line[index]) && !isSpace(line[index - 1])) count++;
  return count;
}

/** The byte at which the last `dimensions` fields begin: some words of GloVe contain spaces. 0 or 1 if there are fewer, or no word before them. */
function startOfNumbers(line: Uint8Array, end: number, dimensions: number): number {
  let index = end;
  for (let field = 0; field < dimensions; field++) {
    while (index > 0 && isSpace(line[index - 1])) index--;
    if (index === 0) return 0;
    while (index > 0 && !isSpace(line[index - 1])) index--;
  }
  return index;
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function numberOf(field: string, source: ByteSource, rank: number): number {
  if (decimal.test(field)) return Number(field);
  throw source.damaged(`“${shortened(field)}” in the ${rank + 1}th vector`, 'numbers in decimal digits');
}

/** `<word> ` and the bytes of float32 numbers, for each word; the original program ends each vector with a line feed. */
async function* readBinary(source: ByteSource, wanted: WantedWords, header: Header): VectorReading {
  const collector = new VectorCollector(source, wanted);
  const decoder = new TextDecoder();
  for (let rank = 0; rank < header.words; rank++) {
    if (rank % WORDS_A_TURN === 0) yield;
    const what = `word ${rank + 1} of ${header.words}`;
    const bytes = await source.until(SPACE, LONGEST_WORD, what);
    const word = decoder.decode(bytes[0] === 10 ? bytes.subarray(1) : bytes);
    const vector = await source.take(4 * header.dimensions, what);
    if (collector.takes(word, rank)) collector.add(word, floatsOf(vector));
  }
  const left = await source.peek(2);
  if (left.length > 1 || (left.length === 1 && left[0] !== 10)) {
    throw source.damaged('bytes after the last word', `the end after ${header.words} words, as the first line says`);
  }
  const { words: fileWords, dimensions } = header;
  return { format: 'word2vec binary', dimensions, fileWords, vectors: collector.vectors, composed: none };
}

// Reads a fastText model (.bin): its dictionary, then the rows of its matrix that wanted words and their n-grams need.

/** The first four bytes, as fastText's fasttext.cc writes them. */
export const FASTTEXT_MAGIC = 793712314;

const NEWEST_VERSION = 12;
const SUPERVISED = 3;
const WORD = 0;

/** What the file states before its dictionary (args.cc, dictionary.cc). */
interface ModelHeader {
  readonly dimensions: number;
  readonly buckets: number;
  /** Lengths of n-grams in characters; none if `longest` is 0. */
  readonly shortest: number;
  readonly longest: number;
  readonly entries: number;
  readonly words: number;
}

/**
 * A word's vector is the mean of its row, if it has one, and of the rows of the n-grams of `<word>` (fasttext.cc, getWordVector). Rows are
 * added as they pass by, so only the wanted words' sums are in memory. Throws LabError `vectors/format` for quantised models and `vectors/damaged`.
 */
export async function* readFastText(source: ByteSource, wanted: WantedWords): VectorReading {
  const header = await readHeader(source);
  const dictionary = yield* readDictionary(source, wanted, header);
  if ((await source.take(1, 'the dictionary'))[0] !== 0) throw quantised();
  const shape = view(await source.take(16, 'the size of the matrix'));
  const [rows, columns] = [shape.getBigInt64(0, true), shape.getBigInt64(8, true)];
  if (columns !== BigInt(header.dimensions) || rows !== BigInt(header.words + header.buckets)) {
    throw source.damaged(`a matrix of ${rows} × ${columns}`, `${header.words + header.buckets} × ${header.dimensions}`);
  }
  const sums = [...new Set([...dictionary.keys(), ...wanted.words])].map(
    (word) => new Sum(word, dictionary.get(word), header),
  );
  yield* addRows(source, sums, Number(rows), header.dimensions);
  const collector = new VectorCollector(source, wanted);
  const composed = new Map<string, Float32Array>();
  const known = sums.filter(({ row }) => row !== undefined).sort((left, right) => (left.row ?? 0) - (right.row ?? 0));
  for (const sum of known) collector.add(sum.word, sum.mean());
  for (const sum of sums)
    if (sum.row === undefined && sum.rows.length > 0) composed.set(sum.word, collector.finite(sum.word, sum.mean()));
  const { dimensions, words: fileWords } = header;
  return { format: 'fastText model', dimensions, fileWords, vectors: collector.vectors, composed };
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function readHeader(source: ByteSource): Promise<ModelHeader> {
  const args = view(await source.take(64, 'the settings of the model'));
  const int = (index: number): number => args.getInt32(4 * index, true);
  const version = int(1);
  if (version < 11 || version > NEWEST_VERSION) {
    throw new LabError('vectors/format', 'This fastText model is of another version.', {
      expected: `version 11 or ${NEWEST_VERSION}`,
      got: String(version),
    });
  }
  const [dimensions, kind, buckets, shortest, longest] = [int(2), int(9), int(10), int(11), int(12)];
  const counts = view(await source.take(28, 'the sizes of the dictionary'));
  const [entries, words, labels] = [counts.getInt32(0, true), counts.getInt32(4, true), counts.getInt32(8, true)];
  const pruned = counts.getBigInt64(20, true);
  const isWhole =
    dimensions >= 1 && dimensions <= 10_000 && buckets >= 0 && words >= 1 && labels >= 0 && entries === words + labels;
  if (!isWhole || shortest < 0 || longest < 0 || longest > 100) {
    throw source.damaged(`${dimensions} dimensions, ${words} words, ${labels} labels, ${entries} entries, n-grams of ${shortest} to ${longest}`, 'the settings of a fastText model'); // prettier-ignore
  }
  if (pruned >= 0n) throw quantised();
  // Models for classification of before version 12 have no n-grams of characters, whatever they state.
  const without = (version === 11 && kind === SUPERVISED) || buckets === 0;
  return { dimensions, buckets, shortest, longest: without ? 0 : longest, entries, words };
}

function quantised(): LabError {
  return new LabError(
    'vectors/format',
    'This fastText model is quantised (.ftz), and its vectors are only approximations.',
    {
      expected: 'the .bin or .vec file of the same model',
      got: 'a quantised or pruned matrix',
    },
  );
}

/** Row numbers of the words to take. */
async function* readDictionary(source: ByteSource, wanted: WantedWords, { entries, words }: ModelHeader) {
  const decoder = new TextDecoder();
  const rows = new Map<string, number>();
  for (let entry = 0; entry < entries; entry++) {
    if (entry % WORDS_A_TURN === 0) yield;
    const what = `entry ${entry + 1} of ${entries} in the dictionary`;
    const word = decoder.decode(await source.until(0, LONGEST_WORD, what));
    const type = (await source.take(9, what))[8];
    if ((type === WORD) !== entry < words)
      throw source.damaged(`an entry of type ${type} at ${entry}`, `${words} words, then labels`);
    if (entry >= words || rows.has(word)) continue;
    if (entry < wanted.first || wanted.words.has(word)) rows.set(word, entry);
  }
  return rows;
}

/** A wanted word with the sum of its rows. */
class Sum {
  readonly word: string;
  /** Undefined if the dictionary lacks the word. */
  readonly row: number | undefined;
  /** With its own; one that two n-grams share is there twice. */
  readonly rows: readonly number[];
  readonly total: Float64Array;

  constructor(word: string, row: number | undefined, header: ModelHeader) {
    this.word = word;
    this.row = row;
    this.rows = [...(row === undefined ? [] : [row]), ...ngramRows(word, header)];
    this.total = new Float64Array(header.dimensions);
  }

  add(vector: Float32Array): void {
    vector.forEach((value, index) => (this.total[index] = (this.total[index] as number) + value));
  }

  mean(): Float32Array {
    return Float32Array.from(this.total, (value) => value / this.rows.length);
  }
}

async function* addRows(source: ByteSource, sums: readonly Sum[], rows: number, dimensions: number) {
  const users = new Map<number, Sum[]>();
  for (const sum of sums) {
    for (const row of sum.rows) {
      const others = users.get(row);
      if (others === undefined) users.set(row, [sum]);
      else others.push(sum);
    }
  }
  let before = 0;
  for (const [index, row] of [...users.keys()].sort((left, right) => left - right).entries()) {
    if (index % WORDS_A_TURN === 0) yield;
    const what = `row ${row + 1} of ${rows} of the matrix`;
    await source.skip((row - before) * 4 * dimensions, what);
    const vector = floatsOf(await source.take(4 * dimensions, what));
    for (const sum of users.get(row) ?? []) sum.add(vector);
    before = row + 1;
  }
  await source.skip((rows - before) * 4 * dimensions, 'the matrix');
}

/** Rows of the n-grams of a word, in order (dictionary.cc, computeSubwords): of characters, without single marks of start and end. */
function ngramRows(word: string, { buckets, shortest, longest, words }: ModelHeader): readonly number[] {
  if (longest === 0 || word === '</s>') return [];
  const characters = Array.from(`<${word}>`, (character) => new TextEncoder().encode(character));
  const rows: number[] = [];
  for (let start = 0; start < characters.length; start++) {
    let hash = 2166136261;
    for (let length = 1; length <= longest && start + length <= characters.length; length++) {
      // FNV-1a, over bytes that fastText extends by their sign.
      for (const byte of characters[start + length - 1] as Uint8Array)
        hash = Math.imul(hash ^ ((byte << 24) >> 24), 16777619) >>> 0;
      const isMark = length === 1 && (start === 0 || start + length === characters.length);
      if (length >= shortest && !isMark) rows.push(words + (hash % buckets));
    }
  }
  return rows;
}
