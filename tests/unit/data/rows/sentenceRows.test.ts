// Proves that rows which hold a sentence each are read as rows of words, that rows of words never are, and that what does not fit is said.
import { describe, expect, it } from 'vitest';
import { rowsAsRead } from '../../../fixtures/rowsAsRead.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { detectFormat } from '../../../../src/data/import/detectFormat.ts';

const bytesOf = (lines: readonly string[]) => new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
const read = (...lines: readonly string[]) => rowsAsRead(bytesOf(lines), 'some.tsv');

const texts = ['Moss heals renal colic', 'The fen rots', 'Nothing here', 'Moss'];
const tags = ['B-Herb O B-Ill I-Ill', 'O B-Place O', 'O O', 'B-Herb'];
const sentences = [
  'Moss heals renal colic [Moss Herb, renal colic Ill]',
  'The fen rots [fen Place]',
  'Nothing here []',
  'Moss [Moss Herb]',
];
const inBrackets = (items: string) => `[${items.split(' ').map((item) => `'${item}'`).join(', ')}]`; // prettier-ignore

describe('a sentence in a row', () => {
  const rowsOf = (change: (tags: string) => string, separator = '\t') =>
    texts.map((text, index) => `${text}${separator}${change(tags[index] ?? '')}`);

  it.each([
    ['spaces', (items: string) => items],
    ['commas', (items: string) => items.replaceAll(' ', ',')],
    ['commas and spaces', (items: string) => items.replaceAll(' ', ', ')],
    ['bars', (items: string) => items.replaceAll(' ', '|')],
    ['semicolons', (items: string) => items.replaceAll(' ', ';')],
    ['slashes', (items: string) => items.replaceAll(' ', '/')],
    ['brackets, as Python writes lists', inBrackets],
    ['brackets, as NumPy does', (items: string) => inBrackets(items).replaceAll(',', '')],
    ['brackets without quotes', (items: string) => `[${items.replaceAll(' ', ', ')}]`],
  ])('is read as its words: tags with %s', (_, change) => {
    for (const lines of [
      rowsOf(change),
      ['text\tlabels', ...rowsOf(change)],
      ['sentence\tword_labels', ...rowsOf(change)],
    ]) {
      const reading = read(...lines);
      expect(reading.sentences).toEqual(sentences);
      expect(reading.said.filter((said) => !said.startsWith('info'))).toEqual([]);
      expect(reading.said).toContain(`info corpus/sentence-rows ${lines.length - 3}`);
    }
  });

  it('is one in tables of commas, whatever their names', () => {
    const comma = rowsOf((items) => `"${items.replaceAll(' ', ',')}"`, ',');
    for (const lines of [
      ['sentence,word_labels', ...comma],
      comma,
      ['text,labels', ...rowsOf((items) => items, ',')],
    ]) {
      expect(read(...lines).sentences).toEqual(sentences);
      expect(detectFormat('fen/data.csv', bytesOf(lines))).toBe('corpus');
      expect(detectFormat('fen/data.txt', bytesOf(lines.map((line) => line.replace(',', '\t'))))).toBe('corpus');
    }
  });

  it('may have an id, parts of speech, and its words in a list beside its text', () => {
    const parts = ['NN VBZ JJ NN', 'DT NN VBZ', 'NN RB', 'NN'];
    const kaggle = texts.map((text, index) => {
      const lists = [parts[index] ?? '', tags[index] ?? ''].map((list) => `"${inBrackets(list)}"`);
      return [`Sentence: ${index + 1}`, text, ...lists].join(',');
    });
    expect(read('Sentence #,Sentence,POS,Tag', ...kaggle).sentences).toEqual(sentences);
    const beside = texts.map((text, index) => [index, `${text}.`, inBrackets(text), tags[index]].join('\t'));
    expect(read('id\ttext\ttokens\tner_tags', ...beside).sentences).toEqual(sentences);
    const [first = ''] = beside;
    expect(read('id\ttext\ttokens\tner_tags', first.replace('Moss heals', "Moss' heals").replace("['Moss'", '["Moss\'s"')).sentences).toEqual(["Moss's heals renal colic [Moss's Herb, renal colic Ill]"]); // prettier-ignore
  });

  it('has commas that belong to words', () => {
    expect(read('Moss, old\tB-Herb, O', 'fen, rots\tO, O').sentences).toEqual([
      'Moss, old [Moss, Herb]',
      'fen, rots []',
    ]);
  });

  it('is split in bounded time, whatever it holds', () => {
    const cells = [
      `['O', ${"\\'".repeat(30_000)}]`,
      `O${' '.repeat(60_000)},O`,
      `['O', ${'"\\'.repeat(20_000)}]`,
      `[${'['.repeat(60_000)}]`,
    ];
    const startMs = performance.now();
    for (const cell of cells) read(...new Array<string>(5).fill(`moss heals\t${cell}`));
    expect(performance.now() - startMs).toBeLessThan(5000);
  });

  it('with more tags than words is left out, with its line', () => {
    const reading = read(...rowsOf((items) => items), 'The moss\tO B-Herb O');
    expect(reading.sentences).toEqual(sentences);
    expect(reading.said).toEqual(['error corpus/sentence-row 5', 'info corpus/sentence-rows 1']);
    expect(reading.messages[0]).toContain('got 2 words in column 1, 3 tags in column 2');
  });

  it('is refused where most have other numbers of tags than of words', () => {
    const reading = read('text\tlabels', ...rowsOf((items) => `${items} O O`));
    expect(reading.sentences).toEqual([]);
    expect(reading.said).toContain('error corpus/sentence-row 2');
    expect(reading.messages.join()).toContain(
      'expected a tag for each word, got 4 words in column 1, 6 tags in column 2',
    );
  });

  it('is one in each file of a corpus', () => {
    const file = (name: string, lines: readonly string[]) => ({ path: `fen/${name}`, bytes: bytesOf(lines) });
    const lines = ['text\tlabels', ...rowsOf((items) => items)];
    const { corpora, refused } = assembleCorpora([file('train.tsv', lines), file('test.tsv', lines.slice(0, 3))]);
    expect(refused).toEqual([]);
    expect(corpora.map(({ sentences: read }) => [read.train.length, read.test.length])).toEqual([[4, 2]]);
    expect(corpora[0]?.survey?.preview.slice(0, 2)).toEqual([
      ['Moss', 'B-Herb'],
      ['heals', 'O'],
    ]);
  });
});

describe('a word in a row', () => {
  it('may have nested tags, of words and of phrases', () => {
    const nested = [
      'IL-2\tB-DNA|B-protein',
      'gene\tI-DNA|O',
      'renal colic\tB-Ill|B-Sign',
      'rots\tO',
      'moss\tB-Herb|O',
      'fen\tB-place/water',
    ];
    const reading = read(...nested);
    expect(reading.sentences).toEqual([
      'IL-2 gene renal colic rots moss fen [IL-2 gene DNA, renal colic Ill, moss Herb, fen place/water]',
    ]);
    expect(reading.said).not.toContain('info corpus/sentence-rows 1');
  });

  it('may have types of several words, and its sentence beside it', () => {
    expect(read('acute\tB-Adverse Event', 'rot\tI-Adverse Event', 'fen\tO').sentences).toEqual([
      'acute rot fen [acute rot Adverse_Event]',
    ]);
    const beside = ['fen\tfen rots\tB-Place', 'rots\tfen rots\tO'];
    expect(read('token\tcontext\ttag', ...beside).sentences).toEqual(['fen rots [fen Place]']);
  });
});
