// Proves that every storage backend keeps one contract: bytes are read back unchanged under the same keys, and nothing is shared.
import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileSystem } from '../../../src/storage/fileSystem.ts';
import { indexedDb } from '../../../src/storage/indexedDb.ts';
import { memory, writeAll, type Store } from '../../../src/storage/store.ts';

let folder: string;
let opened = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'storage-'));
});
afterAll(() => rm(folder, { recursive: true }));

const homes: readonly (readonly [string, () => Store])[] = [
  ['memory', memory],
  ['indexedDb', () => indexedDb(`storage-${++opened}`)],
  ['fileSystem', () => fileSystem(path.join(folder, `home-${++opened}`))],
];

const bytesOf = (...values: number[]) => Uint8Array.from(values);

describe.each(homes)('%s', (_name, openHome) => {
  let store: Store;
  beforeEach(() => {
    store = openHome();
  });

  it('gives undefined for what was never written, even beside or below what was', async () => {
    await store.write('run/a/record', bytesOf(1));
    const others = ['run', 'run/a', 'run/a/other', 'run/a/record/more'];
    for (const key of others) expect(await store.read(key)).toBeUndefined();
    await store.remove(others);
    expect(await store.keys('')).toEqual(['run/a/record']);
  });

  it('gives back any bytes, none at all included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await store.write('some/bytes', bytes);
        expect(await store.read('some/bytes')).toEqual(Uint8Array.from(bytes));
      }),
      { numRuns: 25 },
    );
  });

  it('replaces the whole of a record by a shorter one', async () => {
    await store.write('a', bytesOf(1, 2, 3, 4));
    await store.write('a', bytesOf(9));
    expect(await store.read('a')).toEqual(bytesOf(9));
    expect(await store.keys('')).toEqual(['a']);
  });

  it('takes the part of a buffer that a view shows, and no more', async () => {
    const whole = bytesOf(0, 1, 2, 3, 4, 5);
    await store.write('view', whole.subarray(2, 4));
    const read = await store.read('view');
    expect(read).toEqual(bytesOf(2, 3));
    expect(read?.buffer.byteLength).toBe(2);
  });

  it('takes bytes in memory that threads share', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
    await store.write('shared', shared);
    const read = await store.read('shared');
    expect(read).toEqual(bytesOf(7, 7, 7));
    expect(read?.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('is not changed by changing what was written or read', async () => {
    const written = bytesOf(1, 2, 3);
    const writing = store.write('a', written);
    written.fill(0);
    await writing;
    const read = await store.read('a');
    expect(read).toEqual(bytesOf(1, 2, 3));
    read?.fill(9);
    expect(await store.read('a')).toEqual(bytesOf(1, 2, 3));
  });

  it('lists the keys that start with a prefix, sorted, and no others', async () => {
    const keys = [
      'run/b/record',
      'run/a/step-10',
      'run/a/step-1',
      'run/ab/record',
      'runs',
      'corpus/a/record',
      'run.old/x',
    ];
    for (const key of keys) await store.write(key, bytesOf(1));
    expect(await store.keys('')).toEqual([...keys].sort());
    for (const prefix of ['run', 'run/', 'run/a', 'run/a/', 'run/a/step-1', 'none/', 'corpus/a/record']) {
      expect(await store.keys(prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)).sort());
    }
  });

  it('removes what is named and nothing else, whether it was there or not', async () => {
    for (const key of ['a/1', 'a/2', 'b']) await store.write(key, bytesOf(1));
    await store.remove(['a/1', 'b', 'never/there']);
    expect(await store.keys('')).toEqual(['a/2']);
    expect(await store.read('a/1')).toBeUndefined();
    await store.remove([]);
  });

  it('keeps every record of many written at once, and the last of one written many times', async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    await Promise.all(numbers.map((number) => store.write(`many/${number}`, bytesOf(number))));
    await Promise.all(numbers.map((number) => store.write('one', new Uint8Array(1000).fill(number))));
    for (const number of numbers) expect(await store.read(`many/${number}`)).toEqual(bytesOf(number));
    expect(await store.read('one')).toEqual(new Uint8Array(1000).fill(39));
    expect(await store.keys('')).toHaveLength(41);
  });

  it.each(['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', 'a b', 'a\\b', 'ä', 'a\n', 'C:', 'a~'])(
    'refuses the key %j everywhere',
    async (key) => {
      const refusal = expect.objectContaining({ name: 'LabError', code: 'storage/key' }) as unknown;
      await expect(store.read(key)).rejects.toEqual(refusal);
      await expect(store.write(key, bytesOf(1))).rejects.toEqual(refusal);
      await expect(store.remove(['fine', key])).rejects.toEqual(refusal);
      expect(await store.keys('')).toEqual([]);
    },
  );

  it.each(['../', 'a/../', '/', '..//', 'a b/', './'])('refuses the prefix %j', async (prefix) => {
    await expect(store.keys(prefix)).rejects.toMatchObject({ code: 'storage/key' });
  });

  it('takes dots that are no path', async () => {
    for (const key of ['a.b/..c', '...', '.hidden', 'x/-_.']) await store.write(key, bytesOf(1));
    expect(await store.keys('')).toHaveLength(4);
  });
});

describe('memory and fileSystem', () => {
  it.each([
    ['memory', memory],
    ['fileSystem', () => fileSystem(path.join(folder, `home-${++opened}`))],
  ] as const)('%s counts the bytes it keeps', async (_name, openHome) => {
    const store = openHome();
    await store.write('a/b', new Uint8Array(300));
    await store.write('a/c', new Uint8Array(45));
    await store.write('a/c', new Uint8Array(5));
    expect((await store.usage()).usedBytes).toBe(305);
  });
});

describe('fileSystem', () => {
  it('finds what an earlier store wrote to the folder, and says how much room the disk has', async () => {
    const home = path.join(folder, 'again');
    await fileSystem(home).write('run/a/record', bytesOf(1, 2));
    const store = fileSystem(home);
    expect(await store.read('run/a/record')).toEqual(bytesOf(1, 2));
    expect((await store.usage()).quotaBytes).toBeGreaterThan(2);
  });

  it('shows nothing of a write that was cut off, and writes over it', async () => {
    const home = path.join(folder, 'torn');
    const store = fileSystem(home);
    await store.write('run/a/record', bytesOf(1));
    await writeFile(path.join(home, 'run/a/weights~'), 'half');
    expect(await store.keys('')).toEqual(['run/a/record']);
    await store.write('run/a/weights', bytesOf(5));
    expect(await readdir(path.join(home, 'run/a'))).toEqual(['record', 'weights']);
  });

  it('refuses a record named as a folder of records, and leaves the folder', async () => {
    const store = fileSystem(path.join(folder, 'clash'));
    await store.write('a/b', bytesOf(1));
    await expect(store.write('a', bytesOf(2))).rejects.toMatchObject({ code: 'storage/key' });
    await expect(store.write('a/b/c', bytesOf(2))).rejects.toMatchObject({ code: 'storage/key' });
    expect(await store.keys('')).toEqual(['a/b']);
  });

  it('has no records and no bytes before anything is written', async () => {
    const store = fileSystem(path.join(folder, 'never-made'));
    expect(await store.keys('')).toEqual([]);
    expect(await store.usage()).toEqual({ usedBytes: 0, quotaBytes: null });
  });
});

describe('writeAll', () => {
  const records = ['a', 'b', 'c'].map((key) => ({ key, bytes: new Uint8Array(7 * 2 ** 20) }));

  it('groups records up to a size where the store can', async () => {
    const groups: string[][] = [];
    const store: Store = {
      ...memory(),
      writeGroup(group) {
        groups.push(group.map(({ key }) => key));
        return Promise.resolve();
      },
    };
    await writeAll(store, records);
    expect(groups).toEqual([['a', 'b'], ['c']]);
  });

  it('writes one after the other where it cannot', async () => {
    const store = memory();
    await writeAll(store, records);
    expect(await store.keys('')).toEqual(['a', 'b', 'c']);
  });
});

describe('indexedDb', () => {
  it('says storage/full when the browser has no room, and keeps the old record', async () => {
    const store = indexedDb('storage-full');
    await store.write('a', bytesOf(1));
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    });
    await expect(store.write('a', bytesOf(2))).rejects.toMatchObject({ name: 'LabError', code: 'storage/full' });
    put.mockRestore();
    expect(await store.read('a')).toEqual(bytesOf(1));
  });

  it('writes a group of records in one transaction, all or none', async () => {
    const store = indexedDb('storage-group');
    await store.write('a', bytesOf(1));
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await store.writeGroup?.([
      { key: 'a', bytes: bytesOf(2) },
      { key: 'b', bytes: bytesOf(3) },
    ]);
    expect(transaction).toHaveBeenCalledTimes(1);
    transaction.mockRestore();
    expect([await store.read('a'), await store.read('b')]).toEqual([bytesOf(2), bytesOf(3)]);
    const { put } = IDBObjectStore.prototype;
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      value,
      key,
    ) {
      if (key === 'c') throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
      return put.call(this, value, key);
    });
    const group = [
      { key: 'a', bytes: bytesOf(4) },
      { key: 'c', bytes: bytesOf(5) },
    ];
    await expect(store.writeGroup?.(group)).rejects.toMatchObject({ name: 'LabError', code: 'storage/full' });
    full.mockRestore();
    expect(await store.keys('')).toEqual(['a', 'b']);
    expect(await store.read('a')).toEqual(bytesOf(2));
  });

  it('keeps databases of different names apart', async () => {
    await indexedDb('storage-one').write('a', bytesOf(1));
    expect(await indexedDb('storage-two').keys('')).toEqual([]);
    expect(await indexedDb('storage-one').keys('')).toEqual(['a']);
  });
});
