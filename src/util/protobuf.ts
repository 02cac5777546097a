// Reads the fields of a protocol buffer message, without its schema.

/** One field as encoded: a varint or fixed number, or bytes holding text, numbers or a message. */
export type ProtobufField =
  | { readonly number: number; readonly kind: 'varint' | 'fixed32' | 'fixed64'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Uint8Array<ArrayBuffer> };

/**
 * Reads the fields of a message in order; bytes are views. Throws the error that `refuse` makes of a reason if the message is truncated or invalid.
 */
export function readProtobuf(bytes: Uint8Array<ArrayBuffer>, refuse: (got: string) => Error): readonly ProtobufField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): bigint => {
    const { value, end } = readVarint(bytes, at, refuse);
    at = end;
    return value;
  };
  const take = (count: number): number => {
    if (at + count > bytes.byteLength) throw refuse(`${bytes.byteLength - at} bytes where ${count} should be`);
    at += count;
    return at - count;
  };
  while (at < bytes.byteLength) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw refuse('a field without a number');
    switch (tag % 8) {
      case 0:
        fields.push({ number, kind: 'varint', value: varint() });
        break;
      case 1:
        fields.push({ number, kind: 'fixed64', value: view.getBigUint64(take(8), true) });
        break;
      case 2: {
        const length = Number(varint());
        const from = take(length);
        fields.push({ number, kind: 'bytes', value: bytes.subarray(from, from + length) });
        break;
      }
      case 5:
        fields.push({ number, kind: 'fixed32', value: BigInt(view.getUint32(take(4), true)) });
        break;
      default:
        throw refuse(`a field of wire type ${tag % 8}`);
    }
  }
  return fields;
}

/** Reads an unsigned varint of at most 64 bits at byte `at`; returns it and the offset of the byte after it. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
  refuse: (got: string) => Error,
): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: at + index + 1 };
  }
  throw refuse('a number without an end');
}
