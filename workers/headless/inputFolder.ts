// The files of a named corpus or model on this machine, as if they had been dropped.
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DroppedFile } from '../../src/lab/labState.ts';
import { LabError } from '../../src/util/labError.ts';

const builtInFolder = fileURLToPath(new URL('../../public', import.meta.url));

/**
 * The files under `<folder>/<name>`, or those of the corpus or model of that name that comes with the lab.
 * Throws LabError `headless/input` naming the folders where it was looked for.
 */
export async function inputFolder(
  kind: 'corpora' | 'models',
  name: string,
  folder: string | null,
): Promise<readonly DroppedFile[]> {
  if (path.basename(name) !== name || name === '..') {
    throw new LabError('headless/input', `"${name}" cannot be the name of a folder.`);
  }
  const candidates = [...(folder === null ? [] : [folder]), path.join(builtInFolder, kind)];
  for (const candidate of candidates) {
    const files = await filesUnder(path.join(candidate, name), name);
    if (files.length > 0) return files;
  }
  const looked = candidates.map((candidate) => path.join(candidate, name));
  throw new LabError('headless/input', `The plan needs ${name}, which is not in the ${kind} folder.`, {
    expected: `files in ${looked.join(' or ')}`,
    got: folder === null ? `no --${kind} folder` : 'none',
  });
}

/** All files in a folder and below, their paths beginning with `dropPath`; none where there is no such folder. */
export async function filesUnder(folder: string, dropPath: string): Promise<DroppedFile[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  const files: DroppedFile[] = [];
  for (const entry of entries) {
    const place = path.join(folder, entry.name);
    const inside = `${dropPath}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await filesUnder(place, inside)));
    else files.push({ path: inside, sizeBytes: (await stat(place)).size, bytes: () => readWhole(place) });
  }
  return files;
}

/** A copy of its own, because Node hands out small files as views of a shared buffer. */
async function readWhole(place: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(place));
}
