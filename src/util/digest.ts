// Digests: fingerprints of contents, checksums of records, CRCs of archives, SHA-1 and SHA-256 of streams.
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Returns the SHA-256 in hex of bytes, or of a JSON value with its object keys sorted. */
export function fingerprint(value: unknown): string {
  const hash = sha256.create();
  if (value instanceof Uint8Array) {
    hash.update(value);
  } else {
    let waiting = '';
    const flush = (): void => {
      hash.update(utf8ToBytes(waiting));
      waiting = '';
    };
    writeCanonicalJson(value, (piece) => {
      waiting += piece;
      if (waiting.length > HASHED_AT_ONCE) flush();
    });
    flush();
  }
  return bytesToHex(hash.digest());
}

/** Characters digested at once: the whole JSON of a large result need never be in memory. */
const HASHED_AT_ONCE = 1 << 16;

/** The part of Web Crypto used here; pages that are not served securely lack it. */
declare const globalThis: {
  readonly crypto?: { readonly subtle?: { digest(name: 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer> } };
};

/** Returns what `fingerprint` does for bytes; faster where the platform computes it. */
export async function fingerprintBytes(bytes: Uint8Array): Promise<string> {
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', bytes);
  return digest === undefined ? fingerprint(bytes) : bytesToHex(new Uint8Array(digest));
}

/** Returns JSON with object keys in code-unit order and `undefined` members left out. */
export function canonicalJson(value: unknown): string {
  let json = '';
  writeCanonicalJson(value, (piece) => (json += piece));
  return json;
}

/** Writes canonical JSON in pieces, none of which ends within a character. */
function writeCanonicalJson(value: unknown, write: (piece: string) => void): void {
  if (Array.isArray(value)) {
    write('[');
    value.forEach((item, index) => {
      if (index > 0) write(',');
      writeCanonicalJson(item, write);
    });
    write(']');
  } else if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    write('{');
    members.forEach(([name, member], index) => {
      write(`${index > 0 ? ',' : ''}${JSON.stringify(name)}:`);
      writeCanonicalJson(member, write);
    });
    write('}');
  } else {
    write(JSON.stringify(value) ?? '');
  }
}

/**
 * Returns sixteen hex digits over the bytes and their number: two 32-bit multiply-xor lanes (MurmurHash3's constants). Not safe against adversaries.
 */
export function checksum(bytes: Uint8Array): string {
  const words = Math.floor(bytes.byteLength / 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let low = 0x9747b28c ^ bytes.byteLength;
  let high = 0x85ebca6b;
  const mix = (word: number): void => {
    const scrambled = Math.imul(word, 0xcc9e2d51);
    low = Math.imul(((low ^ scrambled) << 13) | ((low ^ scrambled) >>> 19), 5) + 0xe6546b64;
    high = Math.imul(high ^ word, 0x1b873593);
    high ^= high >>> 15;
  };
  for (let word = 0; word < words; word++) mix(view.getInt32(word * 4, true));
  for (let index = words * 4; index < bytes.byteLength; index++) mix(bytes[index] as number);
  const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
  return hex(low ^ (low >>> 16)) + hex(high);
}

/** Digests contents that arrive in chunks: SHA-256, or the SHA-1 by which git names a file. */
interface RunningDigest {
  update(piece: Uint8Array): void;
  /** Returns the digest in hex, after the last chunk. */
  hex(): string;
}

type DigestKind = 'sha256' | 'gitBlob';

/** `gitBlob` is SHA-1 over `blob SIZE\0` and the content, so the size must be known in advance. */
export function runningDigest(kind: DigestKind, sizeBytes: number): RunningDigest {
  const hash = kind === 'sha256' ? sha256.create() : sha1.create().update(utf8ToBytes(`blob ${sizeBytes}\0`));
  return {
    update: (piece) => void hash.update(piece),
    hex: () => bytesToHex(hash.digest()),
  };
}

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

/** Builds the table of remainders of all bytes by a polynomial with its bits reversed. */
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
