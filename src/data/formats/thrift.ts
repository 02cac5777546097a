// Goes through Thrift's compact protocol, in which Parquet writes its metadata, to see whether what it claims can be there at all.
import { readVarint } from '../../util/protobuf.ts';

const BYTES_OF_NUMBER: Readonly<Record<number, number>> = { 3: 1, 7: 8 };
const VARYING = new Set([4, 5, 6]);
const [STOP, TRUE, FALSE, BINARY, LIST, STRUCT] = [0, 1, 2, 8, 9, 12];

/** Parquet's own structs nest no deeper than half of it. */
const DEEPEST = 32;

const refuse = (got: string): Error => new Error(`expected a number of at most 10 bytes, got ${got}.`);

/**
 * Goes through the struct that begins at `from`. Throws Error where lists or texts are longer than the bytes that are left, or more than
 * 32 structs and lists lie inside each other.
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
      // As a field of a struct its type says it all.
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
