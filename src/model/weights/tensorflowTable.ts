// The table format of LevelDB in which TensorFlow keeps a checkpoint's index: sorted keys in checksummed blocks.
import { crc32c } from '../../util/crc32.ts';
import { LabError } from '../../util/labError.ts';
import { readVarint } from '../../util/protobuf.ts';
import { unpackSnappy } from './snappy.ts';

const footerBytes = 48;
const magic = 0xdb4775248b80fb57n;
/** A byte for the kind of packing and four for the checksum behind every block. */
const trailerBytes = 5;
/** Far more than the index of any XLNet; a broken one may state any number. */
const largestBlock = 2 ** 28;
/** Keys are names of variables, which share their beginnings: a small block could spell any number of long ones. */
const longestKey = 1024;
const mostKeys = 100_000;

/** Where a block lies, its trailer apart. */
interface BlockPlace {
  readonly from: number;
  readonly size: number;
}

/** Every key and value of a table. Throws LabError `tensorflow/index` where it is cut off, damaged or packed in an unknown way. */
export function readTensorflowTable(bytes: Uint8Array<ArrayBuffer>): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const footer = bytes.byteLength - footerBytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (footer < 0 || view.getBigUint64(bytes.byteLength - 8, true) !== magic) {
    throw damagedIndex("a table's magic number at the end", 'another file, or a truncated one');
  }
  const { end } = readPlace(bytes, footer);
  const { place } = readPlace(bytes, end);
  const table = new Map<string, Uint8Array<ArrayBuffer>>();
  let blocksEnd = 0;
  for (const [, value] of readBlock(bytes, place)) {
    const { place: dataPlace } = readPlace(value, 0);
    // Blocks that overlap could be read without an end.
    if (dataPlace.from < blocksEnd) throw damagedIndex(`a block from byte ${blocksEnd} on`, `one at ${dataPlace.from}`);
    blocksEnd = dataPlace.from + dataPlace.size + trailerBytes;
    for (const [key, content] of readBlock(bytes, dataPlace)) {
      if (table.has(key)) throw damagedIndex('each key once', `${key} twice`);
      if (table.size >= mostKeys) throw damagedIndex(`at most ${mostKeys} variables`, 'more');
      table.set(key, content);
    }
  }
  return table;
}

/** What TensorFlow writes in place of a checksum, so that one of data with checksums in it is no trivial one. */
export function maskedChecksum(bytes: Uint8Array): number {
  const plain = crc32c(bytes);
  return (((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0;
}

/** A LabError `tensorflow/index`. */
export function damagedIndex(expected: string, got: string): LabError {
  return new LabError('tensorflow/index', "The TensorFlow checkpoint's index is damaged.", { expected, got });
}

function readPlace(bytes: Uint8Array, at: number): { readonly place: BlockPlace; readonly end: number } {
  const from = readNumber(bytes, at);
  const size = readNumber(bytes, from.end);
  return { place: { from: from.value, size: size.value }, end: size.end };
}

function readNumber(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const { value, end } = readVarint(bytes, at, (got) => damagedIndex('a number', got));
  return { value: Number(value), end };
}

function readBlock(bytes: Uint8Array<ArrayBuffer>, { from, size }: BlockPlace): [string, Uint8Array<ArrayBuffer>][] {
  if (from + size + trailerBytes > bytes.byteLength) {
    throw damagedIndex(`a block inside the file of ${bytes.byteLength} bytes`, `bytes ${from} to ${from + size}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksum = view.getUint32(from + size + 1, true);
  // The checksum covers the kind of packing too.
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

/** Keys share their beginnings with the key before; the places where they start afresh, listed at the end, are not needed. */
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
