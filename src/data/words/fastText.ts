// Reads a fastText model (.bin): its dictionary, then the rows of its matrix that wanted words and their n-grams need.
import { LabError } from '../../util/labError.ts';
import type { ByteSource } from './byteSource.ts';
import {
  floatsOf,
  LONGEST_WORD,
  VectorCollector,
  WORDS_A_TURN,
  type VectorReading,
  type WantedWords,
} from './vectorCollector.ts';

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
