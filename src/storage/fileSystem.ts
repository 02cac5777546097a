// A store in a local folder, for Node: one file per record.
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { LabError } from '../util/labError.ts';
import { assertStoreKey, assertStoreKeyPrefix, isKeySegment, type Store } from './store.ts';

/** A store that can be left: its folder is free for another process once nothing is being written. */
export interface FolderStore extends Store {
  /** Resolves when every write and removal that was begun is over. Never rejects. */
  settled(): Promise<void>;
}

/**
 * Opens the store in `folder`, which is created on the first write. The record `a/b` is the file `a/b`, so a key that extends another (`a/b/c`) is
 * refused with LabError `storage/key`. Only one process at a time may write to a folder. What the file system refuses is LabError `storage/full` or
 * `storage/unreadable`.
 */
export function fileSystem(folder: string): FolderStore {
  const turns = new Map<string, Promise<void>>();
  const fileOf = (key: string): string => path.join(folder, ...key.split('/'));

  /** Runs writes and removals of one key in the order of the calls. */
  function inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
    turns.set(key, turn);
    const leave = () => {
      if (turns.get(key) === turn) turns.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }

  return {
    async read(key) {
      assertStoreKey(key);
      // Copies, because Node returns small files as views of a shared buffer.
      const bytes = await unlessMissing(readFile(fileOf(key))).catch((cause: unknown): never => {
        throw fileError(fileOf(key), 0, cause);
      });
      return bytes === undefined ? undefined : new Uint8Array(bytes);
    },
    async write(key, bytes) {
      assertStoreKey(key);
      const copy = new Uint8Array(bytes);
      await inTurn(key, () => replaceFile(fileOf(key), copy));
    },
    async remove(keys) {
      keys.forEach(assertStoreKey);
      await Promise.all(keys.map((key) => inTurn(key, async () => void (await unlessMissing(rm(fileOf(key)))))));
    },
    async keys(prefix) {
      assertStoreKeyPrefix(prefix);
      const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      const keys = await keysUnder(path.join(folder, start), start).catch((cause: unknown): never => {
        throw fileError(path.join(folder, start), 0, cause);
      });
      return keys.filter((key) => key.startsWith(prefix)).sort();
    },
    async usage() {
      const sizes = await Promise.all((await keysUnder(folder, '')).map((key) => unlessMissing(stat(fileOf(key)))));
      const usedBytes = sizes.reduce((sum, size) => sum + (size?.size ?? 0), 0);
      const disk = await unlessMissing(statfs(folder));
      return { usedBytes, quotaBytes: disk === undefined ? null : usedBytes + disk.bavail * disk.bsize };
    },
    async settled() {
      while (turns.size > 0) await Promise.allSettled([...turns.values()]);
    },
  };
}

/**
 * Writes a temporary file and renames it: readers, and a restart after a crash, see the old or the new file in full. Throws LabError
 * `storage/full`, `storage/key` where a folder has the name, or `storage/unreadable`.
 */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${file}~`; // No key contains `~`, so no listing shows it; the next write of the key overwrites it.
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(unfinished, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined); // Report the first failure.
    throw fileError(file, bytes.byteLength, cause);
  }
}

/** Describes what the file system refused, for a file of `sizeBytes`; returns anything else as it is. */
export function fileError(file: string, sizeBytes: number, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LabError('storage/full', 'The disk has no room left.', {
      expected: sizeBytes > 0 ? `room for ${sizeBytes} bytes (${file})` : `room for ${file}`,
      cause,
    });
  }
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'ENOTEMPTY') {
    return new LabError(
      'storage/key',
      'A folder is where a file has to be, or a file where a folder has to be: move it away.',
      {
        expected: `the file ${file}`,
        got: (cause as Error).message,
        cause,
      },
    );
  }
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
    return new LabError('storage/unreadable', 'The file system refuses a file of the lab.', {
      expected: `access to ${file}`,
      got: (cause as Error).message,
      cause,
    });
  }
  return cause;
}

async function keysUnder(folder: string, start: string): Promise<string[]> {
  const entries = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
  const keys: string[] = [];
  for (const entry of entries.filter(({ name }) => isKeySegment(name))) {
    const key = `${start}${entry.name}`;
    if (entry.isDirectory()) keys.push(...(await keysUnder(path.join(folder, entry.name), `${key}/`)));
    else keys.push(key);
  }
  return keys;
}

/** Node's codes for a missing record: nothing is there, part of the path is a record, or it is a folder of records. */
const missing: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR']);

/** Returns the promise's value, or undefined if there is no such file or folder. */
async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (cause) {
    if (missing.has(codeOf(cause))) return undefined;
    throw cause;
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
