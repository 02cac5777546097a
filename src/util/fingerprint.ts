// Content fingerprints: the same bytes or the same JSON value give the same short name everywhere.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 in hex of bytes, or of a JSON value with its object keys sorted. */
export function fingerprint(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : utf8ToBytes(canonicalJson(value));
  return bytesToHex(sha256(bytes));
}

/** JSON with object keys in code-unit order and `undefined` members left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
