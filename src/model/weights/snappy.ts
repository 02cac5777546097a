// Unpacks one block of Snappy, in which TensorFlow's earliest checkpoints packed their index.
import { readVarint } from '../../util/protobuf.ts';

/** A copy of three bytes gives at most 64. */
const mostPerByte = 22;

/**
 * The bytes that were packed, at most `largest`. Throws what `refuse` makes of a reason where the block is cut off, refers to bytes
 * before its beginning or has another length than it says.
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
