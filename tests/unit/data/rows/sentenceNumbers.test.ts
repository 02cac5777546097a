// Proves that columns which number documents, sentences and tokens end sentences where they should, and tear no mention.
import { describe, expect, it } from 'vitest';
import { readConll } from '../../../../src/data/rows/conll.ts';

/** Each sentence as `token token [text Type, text Type]`. */
function read(rows: readonly string[], separator = '\t') {
  const text = rows.map((row) => `${row.replaceAll(' ', separator)}\n`).join('');
  const { sentences } = readConll(new TextEncoder().encode(text), 'some.tsv');
  return sentences.map(
    ({ tokens, mentions }) =>
      `${tokens.join(' ')} [${mentions.map(({ type, start, end }) => `${tokens.slice(start, end).join(' ')} ${type}`).join(', ')}]`,
  );
}

describe('numbers of sentences and of tokens', () => {
  const header = 'sent_id token_id token label';
  const rows = ['0 0 moss B-Herb', '0 1 heals O', '1 0 renal B-Ill', '1 1 colic I-Ill', '1 2 soon O', '2 0 fen O'];
  const sentences = ['moss heals [moss Herb]', 'renal colic soon [renal colic Ill]', 'fen []'];

  it.each([
    ['tabs', '\t'],
    ['commas', ','],
    ['spaces', ' '],
  ])('together end each sentence once: %s', (_, separator) => {
    expect(read([header, ...rows], separator)).toEqual(sentences);
    expect(read(rows, separator)).toEqual(sentences);
  });

  it('do so with tags of another scheme, and with documents for sentences', () => {
    const bilou = rows.map((row) => row.replace('B-Herb', 'U-Herb').replace('I-Ill', 'L-Ill'));
    expect(read([header, ...bilou])).toEqual(sentences);
    const documents = rows.map((row) => `d${row}`);
    expect(read(['doc_id token_id token label', ...documents])).toEqual(sentences);
  });
});

describe('numbers of sentences that begin again in each document', () => {
  const rows = ['d1 0', 'd1 1', 'd2 0', 'd2 1', 'd2 2', 'd3 0', 'd4 0'].flatMap((numbers) =>
    ['moss I-Herb', 'heals O', 'old I-Herb'].map((row) => `${numbers} ${row}`),
  );
  const sentences = new Array<string>(7).fill('moss heals old [moss Herb, old Herb]');

  it('end sentences with a header and without', () => {
    expect(read(['doc_id sentence_id token tag', ...rows], ',')).toEqual(sentences);
    expect(read(rows)).toEqual(sentences);
    expect(read(['doc_id sid token tag', ...rows])).toEqual(sentences);
  });

  it('end them where only the header says what they are', () => {
    const withoutDocuments = rows.slice(0, 15).map((row) => row.slice(row.indexOf(' ') + 1));
    expect(read(['sentence_id token tag', ...withoutDocuments])).toEqual(sentences.slice(0, 5));
    const named = rows.map((row) => row.replace(/^d(\d)/, (_, number) => 'abcdefgh'.charAt(Number(number))));
    expect(read(['document sentence token tag', ...named])).toEqual(sentences);
  });

  it('end them where no number returns in another document', () => {
    const numbered = rows.map((row, index) => row.replace(/ \d/, ` ${100 + Math.floor(index / 3)}`));
    expect(read(['doc_id sent_id token tag', ...numbered])).toEqual(sentences);
    expect(read(numbered)).toEqual(sentences);
  });

  it('are not numbers that say something of tokens', () => {
    const flagged = ['d1 0', 'd1 1', 'd1 0', 'd1 0', 'd2 1', 'd2 0', 'd2 1', 'd2 1'].map((start) => `${start} moss O`);
    expect(read([...flagged, 'd2 0 fen B-Place'])).toEqual([
      'moss moss moss moss []',
      'moss moss moss moss fen [fen Place]',
    ]);
  });

  it('end none within sentences between blank lines', () => {
    const within = ['1 moss B-Herb', '1 heals O', '2 old O', '', '1 fen O', '2 rots O', '2 soon O'];
    expect(read(['sentence token tag', ...within])).toEqual(['moss heals old [moss Herb]', 'fen rots soon []']);
  });
});
