// Checks a Parquet file's pages before its reader unpacks them: the reader trusts the lengths of runs, and would fill any memory.
import { parquetSchema, type FileMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from 'hyparquet/src/schema.js';
import { readVarint } from '../../util/protobuf.ts';

const BYTES_OF_NUMBER: Readonly<Record<number, number>> = { 3: 1, 7: 8 };
const VARYING = new Set([4, 5, 6]);
const [STOP, TRUE, FALSE, BINARY, LIST, STRUCT] = [0, 1, 2, 8, 9, 12];

/** Twice the depth of Parquet's own structs. */
const DEEPEST = 32;

const refuse = (got: string): Error => new Error(`expected a number of at most 10 bytes, got ${got}.`);

/**
 * Scans the struct that begins at `from`. Throws Error if lists or texts are longer than the bytes left, or if structs and lists
 * are nested more than 32 deep.
 */
export function checkThriftStruct(bytes: Uint8Array, from: number): void {
  new Walk(bytes, from).struct(0);
}

class Walk {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, from: number) {
    this.bytes = bytes;
    this.at = from;
  }

  struct(depth: number): void {
    if (depth > DEEPEST) throw new Error(`expected at most ${DEEPEST} structs inside each other.`);
    for (let head = this.byte(); (head & 0x0f) !== STOP; head = this.byte()) {
      if (head >>> 4 === 0) this.number();
      const type = head & 0x0f;
      // In a struct field, the type is the value.
      if (type !== TRUE && type !== FALSE) this.value(type, depth + 1);
    }
  }

  private value(type: number, depth: number): void {
    const fixed = type === TRUE || type === FALSE ? 1 : BYTES_OF_NUMBER[type];
    if (fixed !== undefined) this.skip(fixed);
    else if (VARYING.has(type)) this.number();
    else if (type === BINARY) this.skip(this.number());
    else if (type === LIST) this.list(depth);
    else if (type === STRUCT) this.struct(depth);
    else throw new Error(`expected a type of Thrift that Parquet has, got ${type}.`);
  }

  private list(depth: number): void {
    if (depth > DEEPEST) throw new Error(`expected at most ${DEEPEST} lists inside each other.`);
    const head = this.byte();
    const size = head >>> 4 === 15 ? this.number() : head >>> 4;
    const left = this.bytes.length - this.at;
    if (size > left) throw new Error(`expected a list within the ${left} bytes left, got one of ${size}.`);
    for (let index = 0; index < size; index++) this.value(head & 0x0f, depth + 1);
  }

  private number(): number {
    const { value, end } = readVarint(this.bytes, this.at, refuse);
    this.at = end;
    return Number(value);
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error('expected more of a struct, got its end.');
    return byte;
  }

  private skip(length: number): void {
    if (length > this.bytes.length - this.at) throw new Error(`expected ${length} bytes more, got the end.`);
    this.at += length;
  }
}

/** Unpacks a page's packed bytes to `length` bytes. */
export type UnpackPage = (page: Uint8Array, length: number) => Uint8Array;

/** Of all columns together; ten million tokens and their tags. */
const MOST_VALUES = 20_000_000;

const MOST_COLUMNS = 1000;

const MARK = 'PAR1';
/** The length of the preceding metadata, and the magic number. */
const FOOTER_BYTES = 8;

/** Texts made of a prefix of the previous one plus a suffix: a few bytes may expand to any number. Writers use it only on request. */
const REFUSED = 'DELTA_BYTE_ARRAY';

interface Levels {
  readonly repetition: number;
  readonly definition: number;
}

/** Throws Error if the metadata at the file's end claim more than there is; call it before reading them. */
export function checkParquetFooter(buffer: ArrayBuffer): void {
  const end = buffer.byteLength - FOOTER_BYTES;
  const mark = new TextDecoder('latin1').decode(buffer.slice(-MARK.length));
  if (end < 0 || mark !== MARK) throw new Error(`expected ${MARK} at its end, which all Parquet files have.`);
  const size = new DataView(buffer, end).getUint32(0, true);
  if (size > end) throw new Error(`expected metadata within ${buffer.byteLength} bytes, got ${size} bytes of them.`);
  checkThriftStruct(new Uint8Array(buffer, end - size, size), 0);
}

/**
 * Throws Error for a compression without an unpacker, and if a page claims more values than the file may have, or has runs longer
 * than its values.
 */
export function checkParquetPages(
  buffer: ArrayBuffer,
  metadata: FileMetaData,
  unpackerOf: (codec: string) => UnpackPage | undefined,
): void {
  const { length } = metadata.schema;
  if (length > MOST_COLUMNS) throw new Error(`expected at most ${MOST_COLUMNS} columns, got ${length}.`);
  const root = parquetSchema(metadata);
  let left = MOST_VALUES;
  for (const { meta_data: column } of metadata.row_groups.flatMap(({ columns }) => columns)) {
    if (column === undefined) continue;
    const unpack = unpackerOf(column.codec);
    if (unpack === undefined) throw new Error(`expected pages that are packed by Snappy, gzip, Zstandard or not, got ${column.codec}.`); // prettier-ignore
    const path = getTreePath(root, column.path_in_schema);
    const levels = { repetition: getMaxRepetitionLevel(path), definition: getMaxDefinitionLevel(path) };
    const dictionaryAt = Number(column.dictionary_page_offset ?? 0);
    const start = dictionaryAt === 0 ? Number(column.data_page_offset) : dictionaryAt;
    const view = new DataView(buffer, start, Number(column.total_compressed_size));
    const reader = { view, offset: 0 };
    // The same loop as in the reader: a single last byte is not a page.
    while (reader.offset < view.byteLength - 1) {
      checkThriftStruct(new Uint8Array(buffer, start, view.byteLength), reader.offset);
      const header = parquetHeader(reader);
      const size = header.compressed_page_size;
      if (!(size >= 0 && size <= view.byteLength - reader.offset)) {
        throw new Error(`expected a page within its column, got one of ${size} bytes.`);
      }
      const packed = new Uint8Array(buffer, start + reader.offset, size);
      reader.offset += size;
      const { data_page_header: first, data_page_header_v2: second, dictionary_page_header: dictionary } = header;
      const values = (first ?? second ?? dictionary)?.num_values ?? 0;
      left -= values;
      if (!(values >= 0 && left >= 0)) throw new Error(`expected at most ${MOST_VALUES} values, got more.`);
      if ((first ?? second)?.encoding === REFUSED) throw new Error(`expected another encoding than ${REFUSED}.`);
      if (header.type === 'DATA_PAGE' && first !== undefined) {
        const page = unpack(packed, header.uncompressed_page_size);
        checkValues(page, checkLevels(page, values, levels), first.encoding, column.type);
      } else if (header.type === 'DATA_PAGE_V2' && second !== undefined) {
        const { repetition_levels_byte_length: repetition, definition_levels_byte_length: definition } = second;
        const [from, to] = [repetition, repetition + definition];
        if (levels.repetition > 0) checkRuns(packed, 0, bitWidthOf(levels.repetition), values);
        if (levels.definition > 0) checkRuns(packed, from, bitWidthOf(levels.definition), values);
        const length = header.uncompressed_page_size - to;
        const rest = packed.subarray(to);
        const page = second.is_compressed === false || length === 0 ? rest : unpack(rest, length);
        checkValues(page, { at: 0, values: values - second.num_nulls }, second.encoding, column.type);
      }
    }
  }
}

/** Finds where a page's values begin after its levels, and how many are present: nulls are not stored. */
function checkLevels(
  page: Uint8Array,
  count: number,
  { repetition, definition }: Levels,
): { at: number; values: number } {
  let at = 0;
  let values = count;
  const prefixed = (width: number, wanted: number | null): number => {
    const length = new DataView(page.buffer, page.byteOffset + at, 4).getUint32(0, true);
    const found = checkRuns(page, at + 4, width, count, wanted);
    at += 4 + length;
    return found;
  };
  if (repetition > 0) prefixed(bitWidthOf(repetition), null);
  if (definition > 0) values = prefixed(bitWidthOf(definition), definition);
  return { at, values };
}

function checkValues(
  page: Uint8Array,
  { at, values }: { readonly at: number; readonly values: number },
  encoding: string,
  type: string,
): void {
  if (type === 'BOOLEAN' && encoding === 'RLE') checkRuns(page, at + 4, 1, values);
  else if (encoding === 'RLE' || encoding.endsWith('_DICTIONARY')) checkRuns(page, at + 1, page[at] ?? 0, values);
}

/**
 * Scans runs of repeated and bit-packed numbers up to `count`; returns how many equal `wanted`. Throws Error if a run has more than
 * are left, apart from up to seven that fill a byte.
 */
function checkRuns(
  bytes: Uint8Array,
  from: number,
  width: number,
  count: number,
  wanted: number | null = null,
): number {
  if (width > 32) throw new Error(`expected numbers of at most 32 bits, got ${width}.`);
  let at = from;
  let seen = 0;
  let found = 0;
  while (seen < count) {
    const head = runHead(bytes, at);
    at = head.end;
    const isPacked = head.value % 2 === 1;
    const run = (isPacked ? 8 : 1) * Math.floor(head.value / 2);
    if (run > count - seen + (isPacked ? 7 : 0)) {
      throw new Error(`expected a run of at most ${count - seen} values, got one of ${run}.`);
    }
    const inside = Math.min(run, count - seen);
    if (wanted !== null) {
      if (isPacked)
        for (let index = 0; index < inside; index++) found += numberAt(bytes, at, index * width, width) === wanted ? 1 : 0; // prettier-ignore
      else found += numberAt(bytes, at, 0, 8 * Math.ceil(width / 8)) === wanted ? inside : 0;
    }
    at += isPacked ? (run / 8) * width : Math.ceil(width / 8);
    seen += inside;
  }
  return found;
}

/** Reads a level of a few bits, at any bit offset. */
function numberAt(bytes: Uint8Array, from: number, bit: number, width: number): number {
  let value = 0;
  for (let index = 0; index < width; index++) {
    const at = bit + index;
    value |= (((bytes[from + (at >>> 3)] ?? 0) >>> (at & 7)) & 1) << index;
  }
  return value;
}

/** Reads a run's header: its length and kind. */
function runHead(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const { value, end } = readVarint(bytes, at, (got) => new Error(`expected another run, got ${got}.`));
  if (end - at > 5) throw new Error('expected the length of a run, got more than 32 bits.');
  return { value: Number(value), end };
}

function bitWidthOf(largest: number): number {
  return 32 - Math.clz32(largest);
}
