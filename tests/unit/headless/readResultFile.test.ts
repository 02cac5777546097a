// Proves that a result file reads the same packed and unpacked, and that a damaged or missing one is refused by its name.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResultFile, resultBytes } from '../../../headless/readResultFile.ts';

const stored = 'results/ncbi-disease-stl.result.json';
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bioner-results-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readResultFile', () => {
  it('reads a packed file as the same file unpacked', async () => {
    const result = await readResultFile(stored);
    for (const name of ['a.result.json', 'a.result.json.gz']) {
      const file = path.join(folder, name);
      await writeFile(file, resultBytes(result, file));
      expect(await readResultFile(file)).toEqual(result);
    }
    const packed = await readFile(path.join(folder, 'a.result.json.gz'));
    expect([...packed.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect(packed.length).toBeLessThan((await readFile(path.join(folder, 'a.result.json'))).length / 2);
  });

  it('refuses a packed file that was cut off or changed, and one that is not there', async () => {
    const bytes = resultBytes(await readResultFile(stored), 'b.gz');
    const file = path.join(folder, 'b.result.json.gz');
    await writeFile(file, bytes.subarray(0, bytes.length / 2));
    await expect(readResultFile(file)).rejects.toMatchObject({ code: 'result/packed' });
    const changed = bytes.slice();
    changed[changed.length - 6] = 1 ^ (changed[changed.length - 6] ?? 0);
    await writeFile(file, changed);
    await expect(readResultFile(file)).rejects.toMatchObject({ code: 'result/packed', expected: /checksum/ });
    await expect(readResultFile(path.join(folder, 'none.json'))).rejects.toMatchObject({ code: 'headless/input' });
  });
});
