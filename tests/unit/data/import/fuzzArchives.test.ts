// Proves that zips with false names, sizes and offsets give safe paths, true contents and no more bytes than allowed.
import { Zip, ZipDeflate, ZipPassThrough, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { archiveLimits, readArchive } from '../../../../src/data/import/archive.ts';
import { readStoredZip } from '../../../../src/model/weights/torchTensors.ts';
import type { Rng } from '../../../../src/util/random.ts';
import {
  bytesOf,
  checkIssues,
  fuzz,
  fuzzTimeoutMs,
  joinedBytes,
  mutatedBytes,
  outcome,
  pick,
  withinBytes,
} from '../../../fixtures/fuzzing.ts';

const limits = { ...archiveLimits, entries: 20, entryBytes: 100_000, totalBytes: 300_000 };
const safeNames = [
  'a/train.tsv',
  'a/devel.tsv',
  'b.txt',
  'Ä/ß.ann',
  'constructor',
  '__proto__',
  'train.TSV',
  'TRAIN.tsv',
];
const badNames = ['../up.tsv', 'a/../../up.tsv', '/etc/train.tsv', 'C:\\x.tsv', '..\\up', 'a\0b.tsv', 'a\nb', 'x'.repeat(2000)]; // prettier-ignore

function contentOf(rng: Rng): Uint8Array<ArrayBuffer> {
  return bytesOf(pick(rng, ['moss\tO\n', 'rot\tB-X\n', '']).repeat(rng.integer(500)));
}

/** An archive of files and their contents; some are in a nested archive. */
function drawArchive(
  rng: Rng,
  names: readonly string[],
): { zip: Uint8Array<ArrayBuffer>; files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of names) if (rng.integer(2) === 0) files.set(name, contentOf(rng));
  const chunks: Uint8Array[] = [];
  // fflate's zipSync cannot have a file called __proto__.
  const archive = new Zip((_error, chunk) => chunks.push(chunk));
  for (const [name, bytes] of files) {
    const entry = rng.integer(2) === 0 ? new ZipPassThrough(name) : new ZipDeflate(name);
    archive.add(entry);
    entry.push(bytes, true);
  }
  archive.end();
  return { zip: joinedBytes(chunks), files };
}

function checkReading(zip: Uint8Array<ArrayBuffer>): ReturnType<typeof readArchive> {
  const reading = readArchive(zip, 'N.zip', limits);
  checkIssues(reading.issues, reading.issueCount);
  expect(reading.files.length).toBeLessThanOrEqual(limits.entries);
  let total = 0;
  for (const { path, bytes } of reading.files) {
    total += bytes.length;
    const isSafe =
      path.startsWith('N/') && !path.split('/').includes('..') && !/\p{Cc}/u.test(path) && path.length < 1100;
    if (!isSafe) expect(path).toBe('safe');
  }
  expect(total).toBeLessThanOrEqual(limits.totalBytes);
  return reading;
}

describe('an archive', () => {
  it(
    'gives the files with safe names and no others',
    () =>
      fuzz('names', 40, (rng) => {
        const { zip, files } = drawArchive(rng, [...safeNames, ...badNames]);
        const read = new Map(checkReading(zip).files.map(({ path, bytes }) => [path.slice(2), bytes]));
        const expected = [...files].filter(([name]) => safeNames.includes(name));
        expect(read).toEqual(new Map(expected));
      }),
    fuzzTimeoutMs,
  );

  it(
    'broken anywhere, gives true contents or issues, within its limits',
    () =>
      fuzz('broken', 120, async (rng) => {
        const inner = drawArchive(rng, safeNames);
        const { zip, files } = drawArchive(rng, safeNames);
        const outer = rng.integer(3) === 0 ? new Uint8Array(zipSync({ 'inner.zip': inner.zip })) : zip;
        const bad = mutatedBytes(rng, outer, [inner.zip]);
        const reading = await withinBytes(64 * limits.totalBytes, () => checkReading(bad));
        // A file with its name and checksum intact has its content; a name may be altered into another safe one.
        const known = new Set([...files.values(), ...inner.files.values()].map((bytes) => String(bytes)));
        for (const { bytes } of reading.files) expect(known.has(String(bytes))).toBe(true);
        await outcome(() => [...readStoredZip(bad).values()].map((read) => read()));
      }),
    fuzzTimeoutMs,
  );

  it(
    'whose directory lies about sizes is held to what is there',
    () =>
      fuzz('sizes', 80, async (rng) => {
        const { zip } = drawArchive(rng, safeNames);
        const view = new DataView(zip.buffer);
        for (let at = 0; at + 46 <= zip.length; at++) {
          if (view.getUint32(at, true) !== 0x02014b50 || rng.integer(2) === 0) continue;
          const field = pick(rng, [8, 10, 20, 24, 28, 30, 42]);
          view.setUint32(at + field, pick(rng, [0, 1, 0xffffffff, 0x7fffffff, limits.entryBytes, 50]), true);
        }
        await withinBytes(64 * limits.totalBytes, () => checkReading(zip));
      }),
    fuzzTimeoutMs,
  );
});

describe('a bomb', () => {
  it('is refused by its size, or by what its bytes can hold, before anything is unpacked', async () => {
    const zeros = new Uint8Array(zipSync({ 'train.tsv': new Uint8Array(200_000) }));
    const { files, issues } = await withinBytes(100_000, () => readArchive(zeros, 'N.zip', limits));
    expect([files.length, issues.map(({ code }) => code)]).toEqual([0, ['archive/size']]);
  });

  it('that states a small size is left where it goes beyond it', () => {
    const zip = new Uint8Array(zipSync({ 'train.tsv': new Uint8Array(2_000_000) }));
    const view = new DataView(zip.buffer);
    for (let at = 0; at + 46 <= zip.length; at++) if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 10, true); // prettier-ignore
    const { files, issues } = readArchive(zip, 'N.zip', limits);
    expect(files).toEqual([]);
    expect(issues[0]?.message).toContain('10 bytes as the directory says, got more');
  });

  it('of archives in archives ends at a depth, and shares one limit', () => {
    let zip = bytesOf('moss\tO\n');
    for (let depth = 0; depth < 6; depth++)
      zip = new Uint8Array(zipSync({ [depth === 0 ? 'train.tsv' : 'a.zip']: zip }));
    const { files, issues } = readArchive(zip, 'N.zip', limits);
    expect([files.length, issues.map(({ code }) => code)]).toEqual([0, ['archive/depth']]);

    const inner = new Uint8Array(zipSync({ 'train.tsv': new Uint8Array(90_000) }));
    const many = new Uint8Array(
      zipSync(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`${at}.zip`, inner]))),
    );
    expect(checkReading(many).files).toHaveLength(3);
  });

  it('of entries that share their bytes is refused', () => {
    const zip = new Uint8Array(zipSync({ 'a.tsv': [bytesOf('a'.repeat(900)), { level: 0 }], 'b.tsv': [bytesOf('b'.repeat(900)), { level: 0 }] })); // prettier-ignore
    const view = new DataView(zip.buffer);
    for (let at = 0; at + 46 <= zip.length; at++) if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 20, 1500, true); // prettier-ignore
    expect(readArchive(zip, 'N.zip', limits).files).toEqual([]);
  });

  it("with zip64's counts beyond any file is refused at once", () => {
    const zip = new Uint8Array(zipSync({ 'train.tsv': bytesOf('moss\tO\n') }));
    const end = zip.length - 22;
    const record = new Uint8Array(56 + 20 + 22);
    const view = new DataView(record.buffer);
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(32, 0xffff_ffff_ffffn, true);
    view.setBigUint64(48, 0n, true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(end), true);
    record.set(zip.subarray(end), 76);
    const { issues } = readArchive(new Uint8Array([...zip.subarray(0, end), ...record]), 'N.zip');
    expect(issues.map(({ code }) => code)).toEqual(['archive/damaged']);
  });

  it(
    'of thousands of damaged entries takes no more than its share of time',
    () => {
      const many = new Uint8Array(zipSync(Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [`${at}.tsv`, [bytesOf('moss'), { level: 0 as const }]])))); // prettier-ignore
      const view = new DataView(many.buffer);
      for (let at = 0; at + 46 <= many.length; at++) if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 16, 7, true); // prettier-ignore
      const { files, issueCount } = readArchive(many, 'N.zip');
      expect([files.length, issueCount]).toEqual([0, 6000]);
    },
    fuzzTimeoutMs,
  );
});
