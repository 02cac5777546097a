// Proves that file types are detected, that splits are read from file names, and that archives are unpacked safely.
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../../../src/data/import/archive.ts';
import { detectFormat } from '../../../../src/data/import/detectFormat.ts';
import { splitOfFile, stemOfName } from '../../../../src/data/import/groupCorpusFiles.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const rows = 'Zerapin\tB-Drug\nhelps\tO\n';

describe('detectFormat', () => {
  it.each([
    ['NCBI/train.tsv', rows, 'corpus'],
    ['NCBI/train.tsv', '', 'corpus'],
    ['NCBI/train.tsv', '\0\0', 'corpus'],
    ['eng.testa', rows, 'corpus'],
    ['notes.txt', rows.replaceAll('\t', ' '), 'corpus'],
    ['broken.txt', '\0\x01', 'corpus'],
    ['empty.txt', '', 'corpus'],
    ['odd.bin', '\0\x01', 'other'],
    ['notes.txt', 'These corpora were made in a hurry.\nPlease cite them all the same.\n', 'other'],
    ['README.md', rows, 'other'],
    ['README', rows, 'other'],
    ['LICENSE.txt', rows, 'other'],
    ['.DS_Store', '', 'other'],
    ['all.zip', 'PK\x03\x04', 'zip'],
    ['all', 'PK\x05\x06', 'zip'],
    ['xlnet/config.json', '{}', 'model'],
    ['xlnet/model.safetensors', '\0', 'model'],
    ['xlnet/tokenizer.json', '{}', 'model'],
    ['xlnet/tokenizer_config.json', '{}', 'model'],
    ['xlnet/generation_config.json', '{}', 'model'],
    ['xlnet/spiece.model', '\0', 'model'],
    ['xlnet/pytorch_model.bin', 'PK\x03\x04', 'model'],
    ['xlnet/pytorch_model-00001-of-00002.bin', 'PK\x03\x04', 'model'],
    ['xlnet/xlnet_config.json', '{}', 'model'],
    ['xlnet/xlnet_model.ckpt.index', '\0', 'model'],
    ['xlnet/xlnet_model.ckpt.meta', '\0', 'model'],
    ['xlnet/model.ckpt-200.data-00000-of-00001', '\0', 'model'],
    ['all.bin', 'PK\x03\x04', 'zip'],
    ['a.json', '{"plan":{"format":"bioner-lab-plan"},"format":"bioner-lab-result"}', 'result'],
    ['a.json', '{"format": "bioner-lab-plan", "version"', 'plan'],
    ['train.json', '{"format":"else"}', 'other'],
    ['a.csv', 'a,B-Drug\n', 'other'],
  ])('%s beginning %j is %s', (path, head, format) => {
    expect(detectFormat(path, bytesOf(head))).toBe(format);
  });
});

describe('splitOfFile', () => {
  it.each([
    ['NCBI/train.tsv', 'train'],
    ['NCBI/Training.txt', 'train'],
    ['NCBI_train2.conll', 'train'],
    ['NCBI/dev.tsv', 'devel'],
    ['NCBI/devel.tsv', 'devel'],
    ['NCBI-development.tsv', 'devel'],
    ['NCBI/valid.txt', 'devel'],
    ['NCBI.validation.txt', 'devel'],
    ['val.txt', 'devel'],
    ['eng.testa', 'devel'],
    ['eng.testb', 'test'],
    ['NCBI/testing.tsv', 'test'],
    ['bc2gm_eval.tsv', 'test'],
    ['corpus/train/doc1.conll', 'train'],
    ['corpus/dev_set/a/doc1.conll', 'devel'],
    ['test/train.tsv', 'train'],
    ['corpus/train_dev.tsv', null],
    ['my-test-corpus/a.tsv', null],
    ['contest.tsv', null],
    ['a.tsv', null],
  ])('%s is %s', (path, split) => {
    expect(splitOfFile(path)).toBe(split);
  });

  it.each([
    ['BC5CDR-chem-train.tsv', 'BC5CDR-chem'],
    ['BioNLP09.train.conll', 'BioNLP09'],
    ['eng.train', 'eng'],
    ['train.tsv', ''],
    ['train (1).tsv', ''],
    ['train_foo_v2.txt', 'foo_v2'],
    ['contest.tsv', 'contest'],
  ])('the rest of %s is "%s"', (name, stem) => {
    expect(stemOfName(name)).toBe(stem);
  });
});

describe('readArchive', () => {
  const names = (zip: Uint8Array<ArrayBuffer>, limits?: Parameters<typeof readArchive>[2]) => {
    const { files, issues } = readArchive(zip, 'NCBI.zip', limits);
    return { files: files.map((file) => file.path), codes: issues.map((issue) => issue.code) };
  };

  it('gives the files of folders, and none that systems add', () => {
    const zip = zipSync({
      'a/train.tsv': [strToU8(rows), { level: 0 }],
      'a/test.tsv': strToU8(rows),
      '__MACOSX/a/._train.tsv': strToU8('x'),
      'a/.DS_Store': strToU8('x'),
      'empty/': new Uint8Array(),
    });
    expect(names(zip)).toEqual({ files: ['NCBI/a/train.tsv', 'NCBI/a/test.tsv'], codes: [] });
    const contents = readArchive(zip, 'NCBI.zip').files.map((file) => new TextDecoder().decode(file.bytes));
    expect(contents).toEqual([rows, rows]);
  });

  it('refuses paths that leave the archive', () => {
    const zip = zipSync({
      '../up.tsv': strToU8(rows),
      '/etc/train.tsv': strToU8(rows),
      'C:\\train.tsv': strToU8(rows),
      'a\\..\\..\\train.tsv': strToU8(rows),
      'a\\dev.tsv': strToU8(rows),
    });
    expect(names(zip)).toEqual({ files: ['NCBI/a/dev.tsv'], codes: new Array(4).fill('archive/path') });
  });

  it('keeps its limits', () => {
    const zip = zipSync({
      'a.tsv': new Uint8Array(90),
      'b.tsv': new Uint8Array(30),
      'c.tsv': new Uint8Array(20),
      'd.tsv': new Uint8Array(1),
    });
    const limits = { entries: 10, entryBytes: 50, totalBytes: 40, depth: 1 };
    expect(names(zip, limits)).toEqual({
      files: ['NCBI/b.tsv', 'NCBI/d.tsv'],
      codes: ['archive/size', 'archive/size'],
    });
    const two = { ...limits, entryBytes: 100, totalBytes: 500, entries: 2 };
    expect(names(zip, two)).toEqual({ files: ['NCBI/a.tsv', 'NCBI/b.tsv'], codes: ['archive/entries'] });
  });

  it('loses a damaged entry alone', () => {
    const zip = zipSync({ 'a.tsv': strToU8(rows), 'b.tsv': strToU8(rows.repeat(9)), 'c.tsv': strToU8(rows) });
    const name = Buffer.from(zip).indexOf('b.tsv');
    zip.fill(0xff, name + 5, name + 15);
    expect(names(zip)).toEqual({ files: ['NCBI/a.tsv', 'NCBI/c.tsv'], codes: ['archive/damaged'] });
  });

  it('does not believe a wrong size', () => {
    const zip = zipSync({ 'a.tsv': strToU8(rows.repeat(50)), 'b.tsv': strToU8(rows) });
    // The uncompressed size is 24 bytes into the directory's record, 22 before the name.
    const name = Buffer.from(zip).lastIndexOf('a.tsv');
    new DataView(zip.buffer, zip.byteOffset).setUint32(name - 22, 100_000, true);
    expect(names(zip)).toEqual({ files: ['NCBI/b.tsv'], codes: ['archive/damaged'] });
  });

  it.each([
    ['cut off', zipSync({ 'a.tsv': strToU8(rows) }).subarray(0, 40), 'archive/damaged'],
    ['no zip', strToU8(rows), 'archive/damaged'],
    ['of no bytes', new Uint8Array(), 'archive/damaged'],
    ['without files', zipSync({}), 'archive/empty'],
  ])('refuses an archive that is %s', (_, zip, code) => {
    expect(names(zip)).toEqual({ files: [], codes: [code] });
  });
});
