// Digests of contents that come in pieces: SHA-256, and the SHA-1 by which git names a file.
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

export interface RunningDigest {
  update(piece: Uint8Array): void;
  /** The digest in hex, after the last piece. */
  hex(): string;
}

export type DigestKind = 'sha256' | 'gitBlob';

/** `gitBlob` is SHA-1 over `blob SIZE\0` and the content, so that the size has to be known first. */
export function runningDigest(kind: DigestKind, sizeBytes: number): RunningDigest {
  const hash = kind === 'sha256' ? sha256.create() : sha1.create().update(utf8ToBytes(`blob ${sizeBytes}\0`));
  return {
    update: (piece) => void hash.update(piece),
    hex: () => bytesToHex(hash.digest()),
  };
}
