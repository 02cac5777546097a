// Proves that packed files are read within bounds wherever they are, and that what is not read is refused with what would be.
import { gzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readArchive, unpackGzip } from '../../../../src/data/import/archive.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { sortDroppedFiles } from '../../../../src/data/import/sortDrop.ts';
import { droppedBytes } from '../../../fixtures/drops.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const packed = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
const pubTator = encode('1|t|Moss heals.\n1|a|\n1\t0\t4\tMoss\tHerb\n');
const mebibyte = 2 ** 20;
const drop = (files: Readonly<Record<string, Uint8Array>>) =>
  sortDroppedFiles(Object.entries(files).map(([path, bytes]) => droppedBytes(path, new Uint8Array(bytes))));

describe('a gzip file', () => {
  it('is read as what is inside, also in several members and inside zips', async () => {
    const members = new Uint8Array([...packed(pubTator.subarray(0, 9)), ...packed(pubTator.subarray(9))]);
    const zip = new Uint8Array(zipSync({ 'test.pubtator.gz': packed(pubTator) }));
    const { corpusFiles, issues } = await drop({
      'fen/train.pubtator.gz': packed(pubTator),
      'fen/devel.pubtator.gz': members,
      'fen.zip': zip,
      'twice.zip.gz': packed(new Uint8Array(zipSync({ 'train.pubtator': pubTator }))),
    });
    expect(issues).toEqual([]);
    expect(corpusFiles.map(({ path }) => path)).toEqual(['fen/train.pubtator', 'fen/devel.pubtator', 'fen/test.pubtator', 'twice/train.pubtator']); // prettier-ignore
    for (const { bytes } of corpusFiles) expect(bytes).toEqual(pubTator);
  });

  it('of BRAT keeps text and annotations together', async () => {
    const { corpusFiles, others } = await drop({
      'fen/1.ann.gz': packed(encode('T1\tHerb 0 4\tMoss\n')),
      'fen/1.txt.gz': packed(encode('Moss heals, and reed does not.')),
    });
    expect(others).toEqual([]);
    expect(assembleCorpora(corpusFiles).corpora[0]?.counts.train.mentions).toBe(1);
  });

  it('that unfolds without end is refused before it is whole in memory', async () => {
    const bomb = packed(new Uint8Array(64 * mebibyte));
    expect(unpackGzip({ path: 'a.gz', bytes: bomb }, mebibyte)).toMatch(/at most 1048576 bytes, got more/);
    const inZip = new Uint8Array(zipSync({ 'a.tsv.gz': bomb }));
    const { files, issues } = readArchive(inZip, 'a.zip', { entries: 9, entryBytes: mebibyte, totalBytes: mebibyte, depth: 3 }); // prettier-ignore
    expect(files).toEqual([]);
    expect(issues).toMatchObject([{ code: 'archive/damaged' }]);
    let deep = pubTator;
    for (let depth = 0; depth < 6; depth++) deep = packed(deep);
    const nested = await drop({ 'a.pubtator.gz': deep });
    expect(nested.corpusFiles).toEqual([]);
    expect(nested.issues).toMatchObject([{ severity: 'error', code: 'drop/unread' }]);
  });

  it.each([
    ['cut off', packed(pubTator).subarray(0, 30)],
    ['damaged', packed(pubTator).map((byte, index) => (index === 12 ? 255 - byte : byte))],
    ['empty', new Uint8Array([0x1f, 0x8b, 8])],
  ])('that is %s is refused', async (_, bytes) => {
    const { corpusFiles, issues } = await drop({ 'train.pubtator.gz': bytes });
    expect(corpusFiles).toEqual([]);
    expect(issues).toMatchObject([{ severity: 'error', code: 'drop/unread', file: 'train.pubtator.gz' }]);
  });
});

describe('what is not read', () => {
  const tar = new Uint8Array(600);
  tar.set(encode('ustar'), 257);
  it.each([
    ['a.tar', tar, 'unpack it'],
    ['a.tar.gz', packed(tar), 'unpack it'],
    ['a.tgz', packed(tar), 'unpack it'],
    ['fen/train/data-00000-of-00001.arrow', new Uint8Array([255, 255, 255, 255, 0, 1]), 'to_json'],
    ['a.7z', new Uint8Array([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), 'a zip'],
    ['a.rar', encode('Rar!\x1a\x07'), 'a zip'],
    ['a.tsv.bz2', encode('BZh91AY'), '.gz'],
    ['a.tsv.xz', new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), '.gz'],
    ['a.pkl', new Uint8Array([0x80, 4, 0x95]), 'pickle'],
    ['train.xlsx', zipSync({ 'xl/workbook.xml': encode('<workbook/>') }), 'save it as CSV'],
    ['fen.zip', zipSync({ 'train.xlsx': zipSync({ 'xl/workbook.xml': encode('<workbook/>') }) }), 'save it as CSV'],
    ['train.xls', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0]), 'save it as CSV'],
    ['train.docx', zipSync({ 'word/document.xml': encode('<document/>') }), 'plain text'],
    ['a.spacy', new Uint8Array([0x78, 0x9c, 0]), 'DocBin'],
  ])('%s is refused with what would be', async (path, bytes, expected) => {
    const { issues, others } = await drop({ [path]: bytes });
    expect(others).toEqual([]);
    expect(issues).toHaveLength(1);
    expect(issues[0]?.message).toContain(expected);
  });
});
