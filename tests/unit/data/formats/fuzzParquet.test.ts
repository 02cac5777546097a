// Proves that a Parquet file corrupted or forged anywhere is refused by name or gives rows, in bounded time and memory.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unpackParquet } from '../../../../src/data/formats/parquet.ts';
import { checkIssues, checkPrototypes, fuzz, fuzzTimeoutMs, mutatedBytes, pick } from '../../../fixtures/fuzzing.ts';

const packings = ['none', 'snappy', 'gzip', 'zstd'] as const;
const files = Object.fromEntries(
  packings.map((name) => [
    name,
    new Uint8Array(readFileSync(`tests/fixtures/corpora/parquet/${name}/train-00000-of-00001.parquet`)),
  ]),
) as Readonly<Record<(typeof packings)[number], Uint8Array<ArrayBuffer>>>;

/** As varints of seven bits per byte: runs and counts of a billion and more. */
const forged = [
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x07],
  [0x81, 0x80, 0x80, 0x80, 0x08],
];

/** A file of two thousand bytes contains no more than this. */
const LARGEST = 2 ** 20;
const SLOWEST_MS = 5000;

async function checkReading(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const startedAt = performance.now();
  const { file, issues } = await unpackParquet({ path: 'a.parquet', bytes });
  checkIssues(issues, issues.length);
  checkPrototypes();
  expect(file === null).toBe(issues.length > 0);
  expect(file?.bytes.length ?? 0).toBeLessThan(LARGEST);
  expect(performance.now() - startedAt).toBeLessThan(SLOWEST_MS);
}

describe('a Parquet file', () => {
  it('broken anywhere is refused, or gives rows', { timeout: fuzzTimeoutMs }, async () => {
    await fuzz('parquet', 600, (rng) =>
      checkReading(mutatedBytes(rng, files[pick(rng, packings)], Object.values(files))),
    );
  });

  it.each(forged)(
    'with a run or a count forged at any place takes no more than it should (%i %i %i %i %i)',
    { timeout: fuzzTimeoutMs },
    async (...number) => {
      for (let at = 0; at + number.length <= files.none.length; at++) {
        const bytes = files.none.slice();
        bytes.set(number, at);
        await checkReading(bytes);
      }
    },
  );
});
