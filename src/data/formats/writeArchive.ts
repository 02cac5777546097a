// Packs files into one zip archive.
import { zipSync } from 'fflate';
import type { NamedFile } from './namedFile.ts';

/** The first day that zips can name: the same files are the same bytes whenever they are packed. */
const EPOCH = new Date(1980, 0, 1);

/** The bytes of a zip of these files, whose paths differ. */
export function writeArchive(files: readonly NamedFile[]): Uint8Array<ArrayBuffer> {
  return zipSync(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])), { mtime: EPOCH });
}
