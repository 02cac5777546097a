// Damages single files of a stored lab in five ways, and names the kinds of files.
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const damages = ['truncated', 'with a bit flipped', 'empty', 'gone', 'swapped with a like one'] as const;
export type Damage = (typeof damages)[number];

/** A kind of stored file: what it is called in the table, and the keys it has. */
export interface FileKind {
  readonly name: string;
  readonly key: RegExp;
  /** Which of the keys, in order; the last one if negative. */
  readonly index?: number;
  /** The keys of files to swap it with; those of its kind without it. */
  readonly like?: RegExp;
}

/** Keys of all files of a store, sorted; what is not a record is left out. */
export async function storedKeys(store: string): Promise<readonly string[]> {
  const entries = await readdir(store, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.includes('~'))
    .map((entry) => path.relative(store, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

/** Finds the file of a kind, and another one like it to swap it with. Throws Error when there is none. */
export async function fileOfKind(
  store: string,
  { name, key, index = 0, like = key }: FileKind,
): Promise<{ readonly key: string; readonly like: string | null }> {
  const keys = await storedKeys(store);
  const found = keys.filter((one) => key.test(one));
  const chosen = found.at(index);
  if (chosen === undefined) throw new Error(`The lab has no ${name}.`);
  const folder = chosen.slice(0, chosen.lastIndexOf('/') + 1);
  const sibling = keys.find(
    (one) => one !== chosen && one.startsWith(folder) && !one.slice(folder.length).includes('/'),
  );
  return { key: chosen, like: keys.find((one) => one !== chosen && like.test(one)) ?? sibling ?? null };
}

/** Damages one file. */
export async function damageFile(store: string, damage: Damage, key: string, like: string | null): Promise<void> {
  const file = path.join(store, key);
  const bytes = await readFile(file);
  switch (damage) {
    case 'truncated':
      return writeFile(file, bytes.subarray(0, Math.floor(bytes.length / 2)));
    case 'with a bit flipped': {
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      return writeFile(file, bytes);
    }
    case 'empty':
      return writeFile(file, '');
    case 'gone':
      return rm(file);
    case 'swapped with a like one': {
      if (like === null) throw new Error(`Nothing is like ${key}.`);
      const other = path.join(store, like);
      await rename(file, `${file}~`);
      await rename(other, file);
      return rename(`${file}~`, other);
    }
  }
}
