// Proves that CoNLL files are read in any form, and that each kind of damage is reported and affects nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sentence } from '../../../../src/data/corpus/corpus.ts';
import { mentionsToTags } from '../../../../src/data/corpus/tagScheme.ts';
import { readConll } from '../../../../src/data/rows/conll.ts';
import { maxLineLength } from '../../../../src/data/rows/decodeText.ts';
import { sentences } from '../corpus/taggedTexts.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => readConll(bytesOf(text), 'some.tsv');
const found = (text: string | Uint8Array) =>
  readConll(typeof text === 'string' ? bytesOf(text) : text, 'some.tsv').issues.listed.map(
    ({ severity, code, line }) => `${severity} ${code} ${line}`,
  );

/** A file in the usual form of corpora in the field. */
function fileOf(corpus: readonly Sentence[], scheme: 'IOB1' | 'IOB2' | 'IOBES', separator = '\t'): string {
  const blocks = corpus.map(({ tokens, mentions }) => {
    const tags = mentionsToTags(mentions, tokens.length, scheme);
    return tokens.map((token, index) => `${token}${separator}${tags[index]}\n`).join('');
  });
  return blocks.join('\n');
}

const good = 'Zerapin\tB-Drug\nhelps\tO\n';
const goodSentence = { tokens: ['Zerapin', 'helps'], mentions: [{ type: 'Drug', start: 0, end: 1 }] };

describe('forms of a file', () => {
  it.each(['IOB1', 'IOB2', 'IOBES'] as const)('give back the sentences written in %s', (scheme) => {
    fc.assert(
      fc.property(sentences, fc.constantFrom('\t', ' ', '  '), (corpus, separator) => {
        expect(read(fileOf(corpus, scheme, separator)).sentences).toEqual(corpus);
      }),
      { numRuns: 300 },
    );
  });

  it.each([',', ';'])('take %s as a token where it is the only one, however many spaces follow', (mark) => {
    for (const separator of [' ', '  ', '\t']) {
      expect(read(`${mark}${separator}O\n`).sentences).toEqual([{ tokens: [mark], mentions: [] }]);
    }
  });

  it('do not matter: line ends, byte order mark, final newline, white blank lines', () => {
    fc.assert(
      fc.property(
        sentences,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.constantFrom('', ' ', '\t '),
        fc.integer({ min: 0, max: 3 }),
        (corpus, lineEnd, hasMark, blank, newlines) => {
          const plain = fileOf(corpus, 'IOB2').trimEnd() + '\n'.repeat(newlines);
          const text = plain.replace(/^$/gm, blank).replaceAll('\n', lineEnd);
          expect(read((hasMark ? '\uFEFF' : '') + text).sentences).toEqual(corpus);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    [
      'CoNLL-2003',
      'Zerapin NNP B-NP B-Drug\nhelps VBZ B-VP O\n',
      { separator: 'space', columns: 4, tokenColumn: 0, tagColumn: 3 },
    ],
    ['tag first', 'B-Drug\tZerapin\nO\thelps\n', { separator: 'tab', columns: 2, tokenColumn: 1, tagColumn: 0 }],
    [
      'tag in the middle',
      'Zerapin\tB-Drug\td1\nhelps\tO\td1\n',
      { separator: 'tab', columns: 3, tokenColumn: 0, tagColumn: 1 },
    ],
    [
      'row numbers',
      '1\tZerapin\tB-Drug\n2\thelps\tO\n',
      { separator: 'tab', columns: 3, tokenColumn: 1, tagColumn: 2 },
    ],
    [
      'a last column of O',
      'Zerapin B-Drug O\nhelps O O\n',
      { separator: 'space', columns: 3, tokenColumn: 0, tagColumn: 1 },
    ],
  ])('%s: finds the columns', (_, text, layout) => {
    const reading = read(text);
    expect(reading.layout).toEqual({ ...layout, scheme: 'IOB2' });
    expect(reading.sentences).toEqual([goodSentence]);
    expect(reading.issues.count).toBe(0);
  });

  it.each([
    ['BIOLU', 'a\tB-C\nb\tI-C\nc\tL-C\nd\tU-D\n'],
    ['IOBES', 'a\tB-C\nb\tM-C\nc\tE-C\nd\tW-D\n'],
    ['IOBES', 'a\tB-C\nb\tI-C\nc\tE-C\nd\tS-D\n'],
    ['IOB2', 'a\tB-C\nb\tI-C\nc\tI-C\nd\tB-D\n'],
    ['IO', 'a\tI-C\nb\tI-C\nc\tI-C\nd\tI-D\n'],
  ])('reads the same mentions from %s', (scheme, text) => {
    const reading = read(text);
    expect(reading.layout?.scheme).toBe(scheme);
    expect(reading.issues.listed).toEqual([]);
    expect(reading.sentences[0]?.mentions).toEqual([
      { type: 'C', start: 0, end: 3 },
      { type: 'D', start: 3, end: 4 },
    ]);
  });

  it('leaves out document marks and comments, and counts them once', () => {
    const text = `-DOCSTART-\tO\n\n# id = 1\n# text = Zerapin helps\n${good}\n#\tO\n7\tO\n-DOCSTART-\n${good}`;
    const reading = read(text);
    const numberSign = { tokens: ['#', '7'], mentions: [] };
    expect(reading.sentences).toEqual([goodSentence, numberSign, goodSentence]);
    expect(reading.issues.listed.map(({ code, line }) => [code, line])).toEqual([
      ['corpus/docstart', 1],
      ['corpus/comment', 3],
    ]);
    expect(reading.issues.listed[0]?.message).toMatch(/^2 /);
  });

  it('tells comments from tokens between spaces', () => {
    expect(read('# newdoc\n# O\nZerapin B-Drug\n').sentences[0]?.tokens).toEqual(['#', 'Zerapin']);
  });

  it('names the type of tags that have none', () => {
    const reading = read('a\tB\nb\tI\nc\tO\n');
    expect(reading.sentences[0]?.mentions).toEqual([{ type: 'entity', start: 0, end: 2 }]);
    expect(reading.issues.listed).toMatchObject([{ severity: 'warning', code: 'corpus/untyped-tag', line: 1 }]);
    expect(found('a\tB-C\n\nb\tB-\nc\tI-\n')).toEqual(['warning corpus/untyped-tag 3', 'warning corpus/untyped-tag 4']);
  });
});

describe('damage to a sentence', () => {
  const latin1 = Uint8Array.from([...bytesOf(`${good}\ncaf`), 0xe9, ...bytesOf(`\tO\nx\tO\n\r\n${good}`)]);

  it.each([
    ['a row with a column too many', `${good}\na\tO\tO\n\n${good}`, 'error corpus/columns 4'],
    ['a row with a column too few', `${good}\nb\tO\na\n\n${good}`, 'error corpus/columns 5'],
    ['an unknown tag', `${good}\na\tQ-Drug\n\n${good}`, 'error corpus/unknown-tag 4'],
    ['O with a type', `${good}\na\tO-Drug\n\n${good}`, 'error corpus/unknown-tag 4'],
    ['an empty tag', `${good}\na\t\n\n${good}`, 'error corpus/unknown-tag 4'],
    ['bytes that are not UTF-8', latin1, 'error corpus/invalid-utf8 4'],
    ['a line of 10 MB', `${good}\na\tO\n${'x'.repeat(1e7)}\nb\tO\n\n${good}`, 'error corpus/long-line 5'],
  ])('%s costs that sentence alone', (_, file, expected) => {
    const reading = readConll(typeof file === 'string' ? bytesOf(file) : file, 'some.tsv');
    expect(found(file)).toEqual([expected]);
    expect(reading.issues.listed[0]?.file).toBe('some.tsv');
    expect(reading.sentences).toEqual([goodSentence, goodSentence]);
  });

  it('finds the right line in every form of line end when the file is not UTF-8', () => {
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const start = bytesOf(`\uFEFF${good}\n`.replaceAll('\n', lineEnd));
      const end = bytesOf(`\tO\n\n${good}`.replaceAll('\n', lineEnd));
      const file = Uint8Array.from([...start, 0xff, 0xc0, ...end]);
      expect(found(file)).toEqual(['error corpus/invalid-utf8 4']);
      expect(readConll(file, 'f').sentences).toEqual([goodSentence, goodSentence]);
    }
  });

  it('allows a line up to the limit', () => {
    const token = 'x'.repeat(maxLineLength - 2);
    expect(read(`${token}\tO\n`).sentences[0]?.tokens[0]).toHaveLength(maxLineLength - 2);
    expect(found(`${good}\n${token}y\tO\n`)).toEqual(['error corpus/long-line 4']);
  });
});

describe('tokens that are not there', () => {
  it.each([
    ['white space', '\u00a0\tO', 'info corpus/blank-token 4'],
    ['an empty cell', '\tO', 'warning corpus/empty-token 4'],
  ])('%s is left out alone', (_, row, expected) => {
    const file = `${good}\n${row}\nb\tO\n\n${good}`;
    expect(found(file)).toEqual([expected]);
    expect(read(file).sentences).toEqual([goodSentence, { tokens: ['b'], mentions: [] }, goodSentence]);
  });

  it('take no mention with them, unless it has no other token', () => {
    const inside = read('a\tB-C\n\u00a0\tI-C\nb\tI-C\nc\tO\n');
    expect(inside.sentences).toEqual([{ tokens: ['a', 'b', 'c'], mentions: [{ type: 'C', start: 0, end: 2 }] }]);
    expect(found('a\tO\n\u00a0\tB-C\nb\tO\n')).toEqual(['info corpus/blank-token 2', 'warning corpus/blank-mention 2']);
  });
});

describe('damage to tags', () => {
  it('lists tags that break their scheme and keeps the sentence', () => {
    const text = `${good}\na\tO\nb\tI-Drug\nc\tI-Gene\n\n${good.repeat(30)}`;
    expect(found(text)).toEqual(['warning corpus/illegal-transition 5', 'warning corpus/illegal-transition 6']);
    expect(read(text).sentences[1]?.mentions).toEqual([
      { type: 'Drug', start: 1, end: 2 },
      { type: 'Gene', start: 2, end: 3 },
    ]);
  });

  it('names mixed schemes with the first contradiction', () => {
    const text = 'a\tB-C\nb\tI-C\nc\tO\n\nd\tO\ne\tS-C\n\nf\tB-C\ng\tI-C\n';
    expect(found(text)).toEqual(['warning corpus/mixed-schemes 6']);
    expect(read(text).sentences.map(({ mentions }) => mentions.length)).toEqual([1, 1, 1]);
  });
});

describe('damage to a file', () => {
  it.each([
    ['binary', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 1), 'error corpus/binary null'],
    ['text with a zero byte', `${good}\0`, 'error corpus/binary null'],
    ['UTF-16 that ends within a character', Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x09), 'error corpus/encoding null'],
    ['empty', '', 'error corpus/empty null'],
    ['blank', ' \n\n\t\n', 'error corpus/empty null'],
    ['only document marks', '-DOCSTART-\tO\n\n', 'error corpus/empty null'],
    ['one column', '\nword\nanother\n', 'error corpus/one-column 2'],
    ['no tags', '\nword\tnoun\nanother\tnoun\n', 'error corpus/no-tag-column 2'],
  ])('%s is refused', (_, file, expected) => {
    expect(found(file)).toEqual([expected]);
    expect(readConll(typeof file === 'string' ? bytesOf(file) : file, 'f')).toMatchObject({
      sentences: [],
      layout: null,
    });
  });

  it('says why when every sentence is damaged', () => {
    expect(found('a\tO\nb\tQ-X\n')).toEqual(['error corpus/unknown-tag 2', 'error corpus/empty null']);
    expect(found(`${'x'.repeat(1e6)}\n`)).toEqual(['error corpus/unreadable-lines 1', 'error corpus/empty null']);
  });

  it('counts every problem and keeps a thousand', () => {
    const { issues, sentences: kept } = read(`${good}\n${'a\tQ\n\n'.repeat(1500)}`.replace(good, good.repeat(2000)));
    expect([issues.count, issues.listed.length, kept.length]).toEqual([1500, 1000, 1]);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc
            .string({ unit: fc.constantFrom('a', 'B', '-', 'O', '\t', '\n', ' ', '#', 'é', '\r'), maxLength: 200 })
            .map(bytesOf),
        ),
        (bytes) => {
          const { sentences: kept, issues } = readConll(bytes, 'f');
          expect(kept.length > 0 || issues.listed.some(({ severity }) => severity === 'error')).toBe(true);
          for (const { tokens } of kept) expect(tokens.every((text) => text.trim() !== '')).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
