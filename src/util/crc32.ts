// The two cyclic redundancy checks that files of weights carry: zip's CRC-32, and the CRC-32C of LevelDB tables.

/** CRC-32 of zip entries (IEEE 802.3), unsigned. */
export function crc32(bytes: Uint8Array): number {
  return remainder(bytes, ieeeTable);
}

/** CRC-32C (Castagnoli), unsigned. */
export function crc32c(bytes: Uint8Array): number {
  return remainder(bytes, castagnoliTable);
}

const ieeeTable = tableOf(0xedb88320);
const castagnoliTable = tableOf(0x82f63b78);

/** Remainders of all bytes by a polynomial, its bits reversed. */
function tableOf(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
}

function remainder(bytes: Uint8Array, table: Int32Array): number {
  let rest = -1;
  for (let index = 0; index < bytes.length; index++) {
    rest = (rest >>> 8) ^ (table[(rest ^ (bytes[index] as number)) & 0xff] as number);
  }
  return ~rest >>> 0;
}
