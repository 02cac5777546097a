// Proves that texts for a tagger are read from files of any format under unique ids, and that unreadable parts are reported.
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const tokensOf = ({ documents }: ReturnType<typeof readDocuments>) =>
  documents.map(({ text, sentences }) => sentences.map((one) => one.map(({ start, end }) => text.slice(start, end))));

describe('readDocuments', () => {
  it('takes a plain text as one document, with its line ends', () => {
    const reading = readDocuments([file('fen/note.v2.txt', 'Moss heals.\r\n\r\nReed 🐦 does not.')]);
    expect(reading.documents).toMatchObject([
      { id: 'note.v2', text: 'Moss heals.\r\n\r\nReed 🐦 does not.', mentions: [] },
    ]);
    expect(tokensOf(reading)).toEqual([
      [
        ['Moss', 'heals', '.'],
        ['Reed', '🐦', 'does', 'not', '.'],
      ],
    ]);
    expect(reading.issues).toEqual([]);
  });

  it.each([
    ['a.tsv', 'Moss\tB-Herb\nheals\tO\n\nReed\tO\n', [['Herb', 'Moss']]],
    ['a.conll', 'Moss\nheals\n\nReed\n', []],
    ['a.txt', 'Moss\nheals\n\nReed\n', []],
    ['a.conllu', '# text = Moss heals\n1\tMoss\tNN\n2\theals\tVB\n\n1\tReed\tNN\n', []],
    ['a.tsv', '-DOCSTART-\n\nMoss NN\nheals VB\n\nReed NN\n', []],
  ])('takes rows of %s with and without tags', (path, text, mentions) => {
    const reading = readDocuments([file(path, text)]);
    expect(tokensOf(reading)).toEqual([[['Moss', 'heals'], ['Reed']]]);
    const [document] = reading.documents;
    expect(document?.id).toBe('a');
    expect(document?.text).toBe('Moss heals\nReed');
    expect(document?.mentions.map(({ type, start, end }) => [type, document.text.slice(start, end)])).toEqual(mentions);
  });

  it.each([
    'Hepatitis B virus infection is common.',
    'A title\nThe B-cell count of E-cadherin in S-phase.\n',
    'vitamin B\nhepatitis B\n',
    'Blood of group O is rare.\nThe O antigen is not.\n',
  ])('takes prose with words that look like tags as prose: %s', (text) => {
    const { documents, issues } = readDocuments([file('a.txt', text)]);
    expect(documents).toMatchObject([{ text, mentions: [] }]);
    expect(issues).toEqual([]);
  });

  it('passes over what tells about a corpus', () => {
    const { documents, issues } = readDocuments([file('a/README.txt', 'Moss.'), file('a/LICENSE', 'Reed.')]);
    expect(documents).toEqual([]);
    expect(issues.map(({ code }) => code)).toEqual(['corpus/ignored', 'corpus/ignored']);
  });

  it('takes BRAT with its mentions, and a text without annotations beside it', () => {
    const { documents, issues } = readDocuments([
      file('a/1.ann', 'T1\tHerb 2 6\tMoss\n'),
      file('a/1.txt', '🐦 Moss'),
      file('b/1.txt', 'Reed'),
    ]);
    expect(documents.map(({ id, mentions }) => [id, mentions])).toEqual([
      ['1', [{ type: 'Herb', start: 3, end: 7, confidence: null }]],
      ['1-2', []],
    ]);
    expect(issues).toEqual([]);
  });

  it('tells what it cannot read, and reads the rest', () => {
    const { documents, issues, issueCount } = readDocuments([
      file('a.txt', ''),
      { path: 'b.txt', bytes: new Uint8Array([0x4d, 0xe9]) },
      file('c.ann', ''),
      file('d.pdf', '%PDF'),
      file('test.txt', 'The heron. It fishes.'),
      file('f.tsv', ''),
    ]);
    expect(documents.map(({ id }) => id)).toEqual(['test']);
    expect(issues.map(({ severity, code, file: path }) => [severity, code, path]).sort()).toEqual([
      ['error', 'corpus/empty', 'a.txt'],
      ['error', 'corpus/empty', 'f.tsv'],
      ['error', 'corpus/invalid-utf8', 'b.txt'],
      ['error', 'corpus/no-text', 'c.ann'],
      ['info', 'corpus/ignored', 'd.pdf'],
    ]);
    expect(issueCount).toBe(5);
  });
});
