// Reads a TensorFlow checkpoint (format V2): a table of variables, and their numbers in separate data files.
import { crc32c } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { readProtobuf, readVarint, type ProtobufField } from '../../util/protobuf.ts';
import { storedElementBytes, storedValues, type StoredTensor, type WeightsFile } from './safetensors.ts';

/** A three-byte copy expands to at most 64. */
const mostPerByte = 22;

/**
 * Unpacks bytes, at most `largest`. Throws the error that `refuse` makes of a reason if the block is truncated, refers to bytes
 * before its beginning or has the wrong length.
 */
export function unpackSnappy(
  packed: Uint8Array,
  largest: number,
  refuse: (got: string) => Error,
): Uint8Array<ArrayBuffer> {
  const { value, end } = readVarint(packed, 0, refuse);
  if (value > BigInt(largest)) throw refuse(`${value} bytes`);
  if (value > BigInt(mostPerByte * packed.length)) throw refuse(`${value} bytes packed into ${packed.length}`);
  const unpacked = new Uint8Array(Number(value));
  let filled = 0;
  let at = end;
  const littleEndian = (bytes: number): number => {
    let number = 0;
    for (let index = 0; index < bytes; index++) {
      const byte = packed[at++];
      if (byte === undefined) throw refuse('a cut one');
      number += byte * 2 ** (8 * index);
    }
    return number;
  };
  const room = (length: number): void => {
    if (filled + length > unpacked.length) throw refuse(`more than the ${unpacked.length} bytes it states`);
  };
  while (at < packed.length) {
    const tag = littleEndian(1);
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = 1 + (short < 60 ? short : littleEndian(short - 59));
      room(length);
      if (at + length > packed.length) throw refuse('a cut one');
      unpacked.set(packed.subarray(at, at + length), filled);
      at += length;
      filled += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offset = kind === 1 ? (tag >> 5) * 256 + littleEndian(1) : littleEndian(kind === 2 ? 2 : 4);
    room(length);
    if (offset === 0 || offset > filled) throw refuse('a reference before its beginning');
    // Byte by byte: a copy may read what it has just written.
    for (let index = 0; index < length; index++, filled++) unpacked[filled] = unpacked[filled - offset] as number;
  }
  if (filled !== unpacked.length) throw refuse(`${filled} of the ${unpacked.length} bytes it states`);
  return unpacked;
}

const footerBytes = 48;
const magic = 0xdb4775248b80fb57n;
/** One byte for the compression type and four for the checksum after every block. */
const trailerBytes = 5;
/** Far more than the index of any XLNet; a corrupt one may state any number. */
const largestBlock = 2 ** 28;
/** Keys are variable names and share prefixes: a small block could expand to any number of long ones. */
const longestKey = 1024;
const mostKeys = 100_000;

/** Byte range of a block without its trailer. */
interface BlockRange {
  readonly from: number;
  readonly size: number;
}

/** Reads every key and value of a table. Throws LabError `tensorflow/index` if it is truncated, damaged or compressed in an unknown way. */
function readTensorflowTable(bytes: Uint8Array<ArrayBuffer>): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const footer = bytes.byteLength - footerBytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (footer < 0 || view.getBigUint64(bytes.byteLength - 8, true) !== magic) {
    throw damagedIndex("a table's magic number at the end", 'another file, or a truncated one');
  }
  const { end } = readRange(bytes, footer);
  const { range } = readRange(bytes, end);
  const table = new Map<string, Uint8Array<ArrayBuffer>>();
  let blocksEnd = 0;
  for (const [, value] of readBlock(bytes, range)) {
    const { range: dataRange } = readRange(value, 0);
    // Overlapping blocks could be read endlessly.
    if (dataRange.from < blocksEnd) throw damagedIndex(`a block from byte ${blocksEnd} on`, `one at ${dataRange.from}`);
    blocksEnd = dataRange.from + dataRange.size + trailerBytes;
    for (const [key, content] of readBlock(bytes, dataRange)) {
      if (table.has(key)) throw damagedIndex('each key once', `${key} twice`);
      if (table.size >= mostKeys) throw damagedIndex(`at most ${mostKeys} variables`, 'more');
      table.set(key, content);
    }
  }
  return table;
}

/** TensorFlow's masked checksum, which keeps the checksum of data that contains checksums from being trivial. */
export function maskedChecksum(bytes: Uint8Array): number {
  const plain = crc32c(bytes);
  return (((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0;
}

/** A LabError `tensorflow/index`. */
function damagedIndex(expected: string, got: string): LabError {
  return new LabError('tensorflow/index', "The TensorFlow checkpoint's index is damaged.", { expected, got });
}

function readRange(bytes: Uint8Array, at: number): { readonly range: BlockRange; readonly end: number } {
  const from = readNumber(bytes, at);
  const size = readNumber(bytes, from.end);
  return { range: { from: from.value, size: size.value }, end: size.end };
}

function readNumber(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const { value, end } = readVarint(bytes, at, (got) => damagedIndex('a number', got));
  return { value: Number(value), end };
}

function readBlock(bytes: Uint8Array<ArrayBuffer>, { from, size }: BlockRange): [string, Uint8Array<ArrayBuffer>][] {
  if (from + size + trailerBytes > bytes.byteLength) {
    throw damagedIndex(`a block inside the file of ${bytes.byteLength} bytes`, `bytes ${from} to ${from + size}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksum = view.getUint32(from + size + 1, true);
  // The checksum also covers the compression type.
  if (maskedChecksum(bytes.subarray(from, from + size + 1)) !== checksum) {
    throw damagedIndex(`a block with checksum ${checksum.toString(16)}`, `another at byte ${from}`);
  }
  const packing = bytes[from + size];
  const packed = bytes.subarray(from, from + size);
  if (packing === 0) return readEntries(packed);
  if (packing === 1)
    return readEntries(unpackSnappy(packed, largestBlock, (got) => damagedIndex('a snappy block', got)));
  throw damagedIndex('a block that is plain or packed by snappy', `kind ${packing}`);
}

/** Keys share prefixes with the previous key; the restart offsets at the end are not needed. */
function readEntries(block: Uint8Array<ArrayBuffer>): [string, Uint8Array<ArrayBuffer>][] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = block.byteLength < 4 ? NaN : view.getUint32(block.byteLength - 4, true);
  const end = block.byteLength - 4 - 4 * restarts;
  if (!(end >= 0)) throw damagedIndex('restart points inside the block', `${restarts} in ${block.byteLength} bytes`);
  const entries: [string, Uint8Array<ArrayBuffer>][] = [];
  let key = new Uint8Array();
  let at = 0;
  while (at < end) {
    const shared = readNumber(block, at);
    const unshared = readNumber(block, shared.end);
    const length = readNumber(block, unshared.end);
    const keyEnd = length.end + unshared.value;
    if (shared.value > key.byteLength || keyEnd + length.value > end) {
      throw damagedIndex('an entry inside its block', `one of ${unshared.value} and ${length.value} bytes`);
    }
    if (shared.value + unshared.value > longestKey || entries.length >= mostKeys) {
      throw damagedIndex(`at most ${mostKeys} names of at most ${longestKey} bytes`, 'more or longer ones');
    }
    const next = new Uint8Array(shared.value + unshared.value);
    next.set(key.subarray(0, shared.value));
    next.set(block.subarray(length.end, keyEnd), shared.value);
    key = next;
    entries.push([new TextDecoder().decode(key), block.subarray(keyEnd, keyEnd + length.value)]);
    at = keyEnd + length.value;
  }
  return entries;
}

/** Type numbers of types.proto, by safetensors' names; others may occur and are not read. */
const elementTypes: ReadonlyMap<number, string> = new Map([[1, 'F32'], [3, 'I32'], [14, 'BF16'], [19, 'F16']]); // prettier-ignore

/** The fields of BundleEntryProto used for dense variables. */
interface BundleEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly shard: number;
  readonly from: number;
  readonly size: number;
  /** Masked CRC-32C of the bytes; null if none was written. */
  readonly checksum: number | null;
  readonly isSliced: boolean;
}

/**
 * Opens the variables of a checkpoint under their TensorFlow names. Sizes are verified at once, checksums when numbers are read.
 * Throws LabError `tensorflow/index` for a damaged index, `tensorflow/data` for data files that are missing, truncated or altered,
 * `tensorflow/type` when a variable of another element type, or a partitioned one, is read.
 */
export function openTensorflowCheckpoint(
  index: WeightsFile,
  dataFiles: readonly WeightsFile[],
): ReadonlyMap<string, StoredTensor> {
  const table = readTensorflowTable(index.bytes);
  const header = table.get('');
  if (header === undefined) throw damagedIndex("a checkpoint's header", 'a table without one');
  const { shards, isLittleEndian } = readHeader(header);
  if (!isLittleEndian) throw damagedIndex('numbers in little-endian order', 'big-endian ones');
  const prefix = index.name.replace(/\.index$/, '');
  const nameOf = (shard: number): string => `${prefix}.data-${padded(shard)}-of-${padded(shards)}`;
  const variables = new Map<string, StoredTensor>();
  for (const [name, value] of table) {
    if (name === '') continue;
    const entry = readEntry(value);
    const file = dataFiles.find((candidate) => candidate.name === nameOf(entry.shard));
    if (file === undefined) {
      throw new LabError('tensorflow/data', 'A data file of the TensorFlow checkpoint is not there.', {
        expected: nameOf(entry.shard),
        got: dataFiles.map((candidate) => candidate.name).join(', ') || 'none',
      });
    }
    variables.set(name, openVariable(name, entry, file));
  }
  return variables;
}

function openVariable(name: string, entry: BundleEntry, file: WeightsFile): StoredTensor {
  const { dtype, shape, from, size, checksum, isSliced } = entry;
  const elementBytes = storedElementBytes.get(dtype);
  const elements = shape.reduce((product, count) => product * count, 1);
  if (
    from + size > file.bytes.byteLength ||
    (elementBytes !== undefined && !isSliced && size !== elements * elementBytes)
  ) {
    throw new LabError('tensorflow/data', `Variable ${name} does not lie in ${file.name}; the file may be truncated.`, {
      expected: elementBytes === undefined ? `${size} bytes` : `${elements * elementBytes} bytes for ${dtype} [${shape.join(', ')}]`, // prettier-ignore
      got: `bytes ${from} to ${from + size} of ${file.bytes.byteLength}`,
    });
  }
  return {
    dtype,
    shape,
    read() {
      if (elementBytes === undefined || isSliced) {
        throw new LabError('tensorflow/type', `Variable ${name} is kept in a way this lab does not read.`, {
          expected: `one piece of ${[...elementTypes.values()].join(', ')}`,
          got: isSliced ? 'a partitioned variable' : dtype,
        });
      }
      const bytes = file.bytes.subarray(from, from + size);
      if (checksum !== null && maskedChecksum(bytes) !== checksum) {
        throw new LabError('tensorflow/data', `The numbers of variable ${name} in ${file.name} were altered.`, {
          expected: `checksum ${checksum.toString(16)}`,
          got: maskedChecksum(bytes).toString(16),
        });
      }
      return storedValues(dtype, bytes.slice());
    },
  };
}

/** BundleHeaderProto: num_shards (1), endianness (2, 0 for little). */
function readHeader(bytes: Uint8Array<ArrayBuffer>): { readonly shards: number; readonly isLittleEndian: boolean } {
  const fields = readProtobuf(bytes, brokenMessage);
  return { shards: numberIn(fields, 1) ?? 1, isLittleEndian: (numberIn(fields, 2) ?? 0) === 0 };
}

/** BundleEntryProto: dtype (1), shape (2), shard_id (3), offset (4), size (5), crc32c (6), slices (7). */
function readEntry(bytes: Uint8Array<ArrayBuffer>): BundleEntry {
  const fields = readProtobuf(bytes, brokenMessage);
  const type = numberIn(fields, 1) ?? 0;
  return {
    dtype: elementTypes.get(type) ?? `TensorFlow type ${type}`,
    shape: fields.flatMap((field) => (field.number === 2 ? readShape(field) : [])),
    shard: numberIn(fields, 3) ?? 0,
    from: numberIn(fields, 4) ?? 0,
    size: numberIn(fields, 5) ?? 0,
    checksum: numberIn(fields, 6) ?? null,
    isSliced: fields.some(({ number }) => number === 7),
  };
}

/** TensorShapeProto: dims (2), each with its size (1). */
function readShape(field: ProtobufField): readonly number[] {
  return messageIn(field).flatMap((dimension) =>
    dimension.number === 2 ? [numberIn(messageIn(dimension), 1) ?? 0] : [],
  );
}

function messageIn(field: ProtobufField): readonly ProtobufField[] {
  if (field.kind === 'bytes') return readProtobuf(field.value, brokenMessage);
  throw brokenMessage(`a number in field ${field.number}`);
}

function numberIn(fields: readonly ProtobufField[], wanted: number): number | undefined {
  const value = fields.findLast(({ number }) => number === wanted)?.value;
  if (value === undefined) return undefined;
  if (typeof value === 'bigint' && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw brokenMessage(`no usable number in field ${wanted}`);
}

function padded(number: number): string {
  return String(number).padStart(5, '0');
}

function brokenMessage(got: string): LabError {
  return damagedIndex('a whole entry', got);
}
