// Proves that a file beyond a bound is refused by naming the bound, from its bytes alone, and that smaller ones beside it are read.
import { describe, expect, test } from 'vitest';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { CorpusBudget, readingBounds, tooLarge } from '../../../../src/data/import/corpusChecks.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import type { NamedFile } from '../../../../src/util/namedFile.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const filled = (length: number, unit: string): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(length);
  const piece = bytesOf(unit);
  for (let at = 0; at < length; at += piece.length) bytes.set(piece.subarray(0, length - at), at);
  return bytes;
};
const part = (format: 'CoNLL' | 'BRAT' | 'PubTator' | 'BioC' | 'JSONL', bytes: Uint8Array<ArrayBuffer>) => ({
  path: 'fen/train',
  format,
  files: [{ path: 'fen/train', bytes }],
});
const messageOf = (issues: ReturnType<typeof tooLarge>) => issues?.listed[0]?.message;

describe('A file that is too large', () => {
  test('of rows names the number of rows', () => {
    expect(messageOf(tooLarge(part('CoNLL', filled(2 * (readingBounds.rows + 1), 'a\n'))))).toBe(
      'Too large to be read: expected at most 10,000,000 rows, got 10,000,001. Divide the corpus, or take a part of it.',
    );
    expect(tooLarge(part('CoNLL', filled(2 * readingBounds.rows, 'a\n')))).toBeNull();
  });

  test.each(['BRAT', 'PubTator', 'BioC', 'JSONL'] as const)('of %s names the bytes', (format) => {
    const bytes = filled(readingBounds.documentBytes + 1, 'moss heals ');
    expect(messageOf(tooLarge(part(format, bytes)))).toMatch(
      /^Too large to be read: expected at most 64 MiB, got 65 MiB/,
    );
    expect(tooLarge(part(format, bytes.subarray(0, readingBounds.documentBytes)))).toBeNull();
  });

  test('of JSON and XML names the objects and tags, however deep they are nested', () => {
    expect(messageOf(tooLarge(part('JSONL', filled(readingBounds.jsonObjects + 1, '{'))))).toMatch(/1,500,000 objects/);
    expect(messageOf(tooLarge(part('BioC', filled(3 * (readingBounds.xmlTags + 1), '<a>'))))).toMatch(/6,000,000 tags/);
  });

  test('is left out with an error, and a smaller one beside it is read', () => {
    const files: NamedFile[] = [
      { path: 'fen/train.tsv', bytes: bytesOf('Moss\tB-Herb\nheals\tO\n\n') },
      { path: 'fen/test.tsv', bytes: filled(2 * (readingBounds.rows + 1), 'a\n') },
    ];
    const [corpus] = assembleCorpora(files).corpora;
    expect(corpus?.counts.train.mentions).toBe(1);
    expect(corpus?.counts.test.sentences).toBe(0);
    expect(corpus?.issues.map(({ severity, code, file }) => [severity, code, file])).toContainEqual(['error', 'corpus/too-large', 'fen/test.tsv']); // prettier-ignore
  });

  test('alone is refused, and gives no text to tag', () => {
    const file = { path: 'fen/train.jsonl', bytes: filled(readingBounds.jsonObjects + 1, '{') };
    const { corpora, refused } = assembleCorpora([file]);
    expect(corpora).toEqual([]);
    expect(refused[0]?.issues.map(({ code }) => code)).toContain('corpus/too-large');
    expect(readDocuments([file])).toMatchObject({ documents: [], issues: [{ code: 'corpus/too-large' }] });
  });
});

describe('A corpus of many files', () => {
  test('is read up to its bound of sentences', () => {
    const budget = new CorpusBudget();
    const small = part('CoNLL', bytesOf('Moss\tB-Herb\n'));
    expect(budget.refuse(small, readingBounds.sentences - 1)).toBeNull();
    expect(messageOf(budget.refuse(small, 2))).toMatch(/expected at most 1,000,000 sentences, got 1,000,001/);
    expect(budget.refuse(small, 1)).toBeNull();
  });
});
