// Reads result files from disk, packed with gzip or not, and packs those whose name asks for it.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { unpackGzip } from '../src/data/import/archive.ts';
import { isGzip } from '../src/data/import/detectFormat.ts';
import { parseResultFile } from '../src/lab/plans/resultFiles.ts';
import type { ResultFile } from '../src/schema/resultFile.ts';
import { LabError } from '../src/util/labError.ts';
import { unreadableFile } from './inputFolder.ts';

/** A text of V8 has at most about 2 ** 29 characters. */
const MOST_BYTES = 2 ** 29;

/** Reads a file, or standard input for `-`. Throws as `parseResultFile` does, LabError `headless/input` for a file that cannot be read, and `result/packed` for a damaged packed one. */
export async function readResultFile(file: string): Promise<ResultFile> {
  const bytes = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((cause: unknown) => {
    throw unreadableFile(file, 'a result file', cause);
  });
  if (!isGzip(bytes)) return parseResultFile(new TextDecoder().decode(bytes));
  const unpacked = unpackGzip({ path: file, bytes }, MOST_BYTES);
  if (typeof unpacked === 'string') {
    throw new LabError('result/packed', `${file} cannot be unpacked.`, { expected: unpacked });
  }
  return parseResultFile(new TextDecoder().decode(unpacked.bytes));
}

/** The bytes of a result file of this name: with line breaks for people, or packed if it ends in `.gz`. */
export function resultBytes(result: ResultFile, file: string): Uint8Array<ArrayBuffer> {
  if (file.endsWith('.gz')) return new Uint8Array(gzipSync(JSON.stringify(result), { level: 9 }));
  return new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`);
}
