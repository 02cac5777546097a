// Hands files made on the page to the person: one as it is, several as a zip.
import type { NamedFile } from '../data/formats/namedFile.ts';
import { writeArchive } from '../data/formats/writeArchive.ts';
import { saveFile } from './saveFile.ts';

/** `name` is without an extension, which a single file keeps from its path. */
export function saveFiles(name: string, files: readonly NamedFile[]): void {
  const [file] = files;
  if (file === undefined) return;
  if (files.length > 1) {
    saveFile(`${name}.zip`, new Blob([writeArchive(files)], { type: 'application/zip' }));
    return;
  }
  const extension = /\.[A-Za-z]+$/.exec(file.path)?.[0] ?? '';
  saveFile(`${name}${extension}`, new Blob([Uint8Array.from(file.bytes)]));
}
