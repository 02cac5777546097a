// Proves that BRAT standoff is read completely, that its errors are reported with their positions, and that folders become corpora.
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sentencesOfDocument } from '../../../../src/data/documents/documentSentences.ts';
import { readBrat } from '../../../../src/data/formats/brat.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { sortDroppedFiles } from '../../../../src/data/import/sortDrop.ts';
import { corpusSourceSchema } from '../../../../src/schema/corpusRecord.ts';
import { droppedText } from '../../../fixtures/drops.ts';
import { allTokens, annotatedTexts, inCodePoints, spelledByTokens, spelledOut, visible } from './annotatedTexts.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const pair = (name: string, text: string, rows: string) => [file(`${name}.ann`, rows), file(`${name}.txt`, text)];
const read = (text: string, rows: string) => {
  const { documents, issues } = readBrat(pair('fen/1', text, rows));
  const sentences = documents.map((document) => ({ sentences: sentencesOfDocument(document) }));
  return { documents: sentences, issues: issues.flatMap(({ listed: kept }) => kept) };
};
const fixture = (): ReturnType<typeof file>[] => {
  const root = 'tests/fixtures/corpora/brat';
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(txt|ann)$/.test(path))
    .map((path) => ({ path: path.replaceAll('\\', '/'), bytes: new Uint8Array(readFileSync(`${root}/${path}`)) }));
};

describe('readBrat', () => {
  it('gives back any text with any mentions, in code points', () => {
    fc.assert(
      fc.property(annotatedTexts('lines'), fc.boolean(), ({ text, mentions }, countsReturns) => {
        const counted = countsReturns ? text : text.replaceAll('\r\n', '\n');
        const place = (offset: number) =>
          inCodePoints(counted, countsReturns ? offset : text.slice(0, offset).replaceAll('\r\n', '\n').length);
        const rows = mentions.map(
          ({ type, start, end }, index) =>
            `T${index + 1}\t${type} ${place(start)} ${place(end)}\t${text.slice(start, end)}\r\n`,
        );
        const { documents, issues } = read(text, rows.join(''));
        expect(allTokens(documents)).toBe(visible(text));
        expect(spelledByTokens(documents)).toEqual(spelledOut({ text, mentions }));
        expect(issues.map(({ code }) => code)).toEqual(visible(text) === '' ? ['corpus/empty-document'] : []);
      }),
      { numRuns: 300 },
    );
  });

  it('takes fragments with white space between as one, and others by the rule', () => {
    const { documents, issues } = read(
      'Marsh and\nreed fever. Bog\ncough.',
      'T1\tD 0 5;15 20\tMarsh fever\nT2\tD 22 25;26 31\tBog cough\nE1\tD:T1\n*\tEquiv T1 T2\n',
    );
    expect(spelledByTokens(documents)).toEqual(['D: Marshandreedfever', 'D: Bogcough']);
    expect(issues).toMatchObject([{ severity: 'warning', code: 'corpus/discontinuous', file: 'fen/1.ann', line: 1 }]);
    expect(issues[0]?.message).toContain('"Marsh … fever"');
  });

  it.each([
    ['T1\tHerb 0 4\tMoss\nT2\tHerb 6 4\tReed', 'warning', 'corpus/moved-mention', 2, 'Moss.Reed.'],
    ['T1\tHerb 0 99\tMess', 'error', 'corpus/span', 1, ''],
    ['T1\tHerb 0 99\tMoss', 'warning', 'corpus/moved-mention', 1, 'Moss.Reed.'],
    ['T1\tHerb 0 4\tMoss\nT2\tHerb 90 99\tFern', 'error', 'corpus/span', 2, 'Moss.Reed.'],
    ['T1\tHerb 0\tMoss', 'error', 'corpus/row', 1, ''],
    ['#1\tnote\nT1 Herb 0 4 Moss', 'error', 'corpus/row', 2, ''],
    ['T1\tHerb 0 4\tMess', 'error', 'corpus/span-text', 1, 'Reed.'],
    ['T1\tHerb 5 6\t ', 'warning', 'corpus/blank-mention', 1, 'Moss.Reed.'],
    ['T1\tHerb 0 4\tMoss\nT2\tHerb 0 4\tMoss', 'warning', 'corpus/overlap', 2, 'Moss.Reed.'],
  ])('tells what is wrong in %j', (rows, severity, code, line, kept) => {
    const { documents, issues } = read('Moss. Reed.', rows);
    expect(issues).toMatchObject([{ severity, code, file: 'fen/1.ann', line }]);
    expect(allTokens(documents)).toBe(kept);
  });

  it('misses no half of a pair and refuses what is no text', () => {
    const { documents, issues } = readBrat([
      file('a.ann', ''),
      ...pair('b', 'x\0', ''),
      { path: 'c.ann', bytes: new Uint8Array([0xe9]) },
      file('c.txt', 'text'),
      ...pair('d', 'Moss.', ''),
    ]);
    expect(documents.map(({ id }) => id)).toEqual(['d']);
    expect(issues.flatMap(({ listed: kept }) => kept)).toMatchObject([
      { code: 'corpus/no-text', file: 'a.ann' },
      { code: 'corpus/binary', file: 'b.txt' },
      { code: 'corpus/invalid-utf8', file: 'c.ann' },
    ]);
  });
});

describe('files of BioNLP shared tasks', () => {
  const text = 'Moss binds reed.';
  it('are read together, without the triggers of events', () => {
    const files = [
      file('fen/1.txt', text),
      file('fen/1.a1', 'T1\tHerb 0 4\tMoss\nT2\tHerb 11 15\treed\n'),
      file('fen/1.a2', 'T3\tBinding 5 10\tbinds\nE1\tBinding:T3 Theme:T1 Theme2:T2\n'),
    ];
    const [corpus] = assembleCorpora(files).corpora;
    expect(corpus?.sources[0]?.file).toBe('fen/*.a1');
    expect(spelledByTokens([{ sentences: corpus?.sentences.train ?? [] }])).toEqual(['Herb: Moss', 'Herb: reed']);
    expect(corpus?.issues.map(({ code }) => code)).toContain('corpus/trigger');
  });

  it('give way to an .ann beside them', () => {
    const { documents, issues } = readBrat([
      ...pair('1', text, 'T1\tHerb 11 15\treed\n'),
      file('1.a1', 'T1\tHerb 0 4\tMoss\n'),
    ]);
    expect(documents[0]?.mentions).toMatchObject([{ start: 11 }]);
    expect(issues.flatMap(({ listed }) => listed)).toMatchObject([
      { severity: 'info', code: 'corpus/two-annotations' },
    ]);
  });
});

it('thousands of bad documents keep a thousand issues of a severity', () => {
  const files = Array.from({ length: 3000 }, (_, index) => pair(`a/${index}`, 'Moss.', 'T1 bad\nT2 bad\n')).flat();
  const { issues } = readBrat(files);
  expect(issues.reduce((sum, { count }) => sum + count, 0)).toBe(6000);
  expect(issues.reduce((sum, { listed }) => sum + listed.length, 0)).toBe(1000);
});

describe('a folder of BRAT files', () => {
  it('is one corpus with its splits, and devel drawn from train', () => {
    const { corpora, refused, ignored } = assembleCorpora([...fixture(), file('fen/annotation.conf', '[entities]\n')]);
    expect(refused).toEqual([]);
    expect(ignored).toMatchObject([{ file: 'fen/annotation.conf' }]);
    const [corpus] = corpora;
    expect(corpora).toHaveLength(1);
    expect(corpus?.name).toBe('fen');
    expect(
      corpus?.sources.map((one) => ('format' in one ? [one.file, one.split, one.format, one.documents] : [])),
    ).toEqual([
      ['fen/train/*.ann', 'train', 'BRAT', 3],
      ['fen/train/*.ann (drawn)', 'devel', 'BRAT', 2],
      ['fen/test/*.ann', 'test', 'BRAT', 1],
    ]);
    for (const source of corpus?.sources ?? []) expect(corpusSourceSchema.parse(source)).toEqual(source);
    expect(corpus?.types).toEqual(['Disease', 'Herb']);
    const codes = corpus?.issues.map(({ severity, code, file: where, line }) => [severity, code, where, line]);
    expect(codes).toEqual([
      ['warning', 'corpus/discontinuous', 'fen/train/heron-2.ann', 1],
      ['warning', 'corpus/overlap', 'fen/train/heron-2.ann', 4],
      ['info', 'corpus/devel-drawn', 'fen/train/*.ann', null],
    ]);
    const all = Object.values(corpus?.sentences ?? {}).flat();
    expect(all).toHaveLength(10);
    expect(spelledByTokens([{ sentences: all }]).sort()).toEqual(
      ['fenshakes', 'bogcough', 'fen-foot', 'Marsh', 'reedfever', 'mudague', 'Mudague']
        .map((one) => `Disease: ${one}`)
        .concat(['Bittermoss', 'bittermoss', 'sallowminttea', 'Greytansel', 'Tansel'].map((one) => `Herb: ${one}`))
        .sort(),
    );
  });

  it('is told apart by the names of its documents where all of them say a split', () => {
    const named = (...names: string[]) =>
      assembleCorpora(names.flatMap((name) => pair(name, `${name}.`, ''))).corpora.flatMap(({ name, sources }) =>
        sources.map(({ file: path, split }) => [name, path, split]),
      );
    expect(named('A/train-1', 'A/train-2', 'A/dev-1')).toEqual([
      ['A', 'A/train*.ann', 'train'],
      ['A', 'A/devel*.ann', 'devel'],
    ]);
    expect(named('A/train-1', 'A/other')).toMatchObject([
      ['A', 'A/*.ann', 'train'],
      ['A', 'A/*.ann (drawn)', 'devel'],
    ]);
  });

  it('stands beside CoNLL files, which get no drawn devel', () => {
    const { corpora } = assembleCorpora([file('A/train.txt', 'Moss\tB-Herb\nheals\tO\n'), ...pair('B/1', 'Reed.', '')]);
    expect(corpora.map(({ name, sources }) => [name, sources.length])).toEqual([
      ['A', 1],
      ['B', 1],
    ]);
  });

  it('of thousands of documents takes no more than its share of time', { timeout: 20_000 }, () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        pair(`A/${index}`, `Moss ${index}. Reed.`, 'T1\tHerb 0 4\tMoss'),
      ).flat();
    const timeOf = (count: number) => {
      const files = many(count);
      const start = performance.now();
      expect(assembleCorpora(files).corpora[0]?.sources.reduce((sum, { sentences }) => sum + sentences, 0)).toBe(
        2 * count,
      );
      return performance.now() - start;
    };
    timeOf(500);
    expect(timeOf(8000) / timeOf(1000)).toBeLessThan(40);
  });
});

it('a dropped folder keeps its texts, whose prose is no corpus alone', async () => {
  const drop = await sortDroppedFiles([
    droppedText('fen/1.ann', ''),
    droppedText('fen/1.txt', 'Herons fish in the fen, and eels hide there.'),
    droppedText('fen/notes.txt', 'Herons fish in the fen, and eels hide there.'),
  ]);
  expect(drop.corpusFiles.map(({ path }) => path)).toEqual(['fen/1.ann', 'fen/1.txt']);
  expect(drop.others).toEqual(['fen/notes.txt']);
});
