// Proves that rows are read in the forms that spreadsheets and annotation tools export: tables, other spellings of tags, WebAnno TSV.
import { describe, expect, it } from 'vitest';
import { rowsAsRead } from '../../../fixtures/rowsAsRead.ts';
import { detectFormat } from '../../../../src/data/import/detectFormat.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string) => new Uint8Array(Uint16Array.from(`\ufeff${text}`, (unit) => unit.charCodeAt(0)).buffer);
const read = (file: string | Uint8Array) => rowsAsRead(typeof file === 'string' ? bytesOf(file) : file, 'some.csv');

describe('tables', () => {
  const sentences = ['fen , rots [fen Place]', '"" moss 1,000 [moss Herb]'];
  const rows = [
    ['Sentence: 1', 'fen', 'NN', 'B-Place'],
    ['', ',', ',', 'O'],
    ['', 'rots', 'VBZ', 'O'],
    ['Sentence: 2', '""', 'PUNCT', 'O'],
    ['', 'moss', 'NN', 'B-Herb'],
    ['', '1,000', 'CD', 'O'],
  ];
  const header = ['Sentence #', 'Word', 'POS', 'Tag'];
  const written = (separator: string, all: boolean, lineEnd = '\n') =>
    [header, ...rows]
      .map((cells) =>
        cells.map((cell) => (all || /[,;"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(separator),
      )
      .join(lineEnd);

  it.each([
    ['commas', written(',', false)],
    ['commas, all cells in quotes', written(',', true, '\r\n')],
    ['semicolons after a byte order mark', `\ufeff${written(';', false, '\r\n')}`],
    ['a line that states the separator', `sep=;\r\n${written(';', false, '\r\n')}`],
    ['a line in quotes that states it', `\ufeff"sep=,"\n${written(',', false)}`],
    ['UTF-16 with tabs', utf16(written('\t', true, '\r\n'))],
    ['UTF-16 with semicolons', utf16(written(';', false, '\r\n'))],
  ])('are read with header and sentence numbers: %s', (_, file) => {
    const reading = read(file);
    expect(reading.sentences).toEqual(sentences);
    expect(reading.said.filter((text) => !text.startsWith('info'))).toEqual([]);
    expect(detectFormat('a/table.csv', typeof file === 'string' ? bytesOf(file) : file)).toBe('corpus');
    expect(
      assembleCorpora([{ path: 'a/train.csv', bytes: typeof file === 'string' ? bytesOf(file) : file }]).corpora,
    ).toHaveLength(1);
  });

  it('may leave a comma without quotes, where it shows what is meant', () => {
    expect(read('Word,Tag\nfen,B-Place\n,,O\nrots,O\nmoss,O\nx,O\n').sentences).toEqual([
      'fen , rots moss x [fen Place]',
    ]);
    // Also in the row that has the number of its sentence.
    expect(read('Sentence: 1;;;_;O\n;fen;_;B-Place\n;rots;_;O\nSentence: 2;moss;_;O\n;heals;_;O\n')).toMatchObject({
      sentences: ['; fen rots [fen Place]', 'moss heals []'],
      said: ['info corpus/sentence-numbers 4'],
    });
    expect(read('fen,B-Place\n1,000,O\nrots,O\nmoss,O\nx,O\ny,O\n').said).toEqual([
      'error corpus/columns 2',
      'error corpus/empty null',
    ]);
  });

  it('have quotes that are tokens', () => {
    expect(read('fen,B-Place\n",O\nrots,O\n",O\n').sentences).toEqual(['fen " rots " [fen Place]']);
    expect(read('"\tO\nfen\tB-Place\n"\tO\n').sentences).toEqual(['" fen " [fen Place]']);
  });

  it('of anything else are no corpora', () => {
    expect(detectFormat('a/train.csv', bytesOf('epoch,loss\n1,0.5\n2,0.4\n'))).toBe('other');
    expect(detectFormat('a/places.csv', bytesOf('name,size\nfen,3\nrots,4\n'))).toBe('other');
  });

  it('with ids or comments are read as their sentences', () => {
    const reading = read('4501, p53, B-Gene\n4501, binds, O\n4502, zinc, B-Metal\n4502, now, O\n');
    expect(reading.sentences).toEqual(['p53 binds [p53 Gene]', 'zinc now [zinc Metal]']);
    expect(reading.said).toEqual(['info corpus/sentence-numbers 3']);
  });
});

describe('headers', () => {
  it('are left out, and said', () => {
    const reading = read('token\tner\nfen\tB-Place\nrots\tO\n');
    expect(reading.sentences).toEqual(['fen rots [fen Place]']);
    expect(reading.said).toEqual(['info corpus/header 1']);
  });

  it('in a comment of CoNLL-U Plus name the columns', () => {
    const reading = read('# global.columns = ID FORM NER MISC\n1\tfen\tB-Place\tB-X\n2\trots\tO\tO\n');
    expect(reading.sentences).toEqual(['fen rots [fen Place]']);
  });

  it('are not words of a sentence', () => {
    expect(read('word\tO\nfen\tB-Place\n').sentences).toEqual(['word fen [fen Place]']);
    expect(read('word\tQ-Place\nfen\tB-Place\n').said).toContain('error corpus/unknown-tag 1');
  });
});

describe('tags', () => {
  it.each([
    ['Place-B', 'Place-I'],
    ['Place_B', 'Place_I'],
    ['B_Place', 'I_Place'],
    ['B:Place', 'I:Place'],
  ])('may be spelled %s', (first, second) => {
    expect(read(`old\t${first}\nfen\t${second}\nrots\tO\n\nmoss\tO\n`).sentences).toEqual([
      'old fen rots [old fen Place]',
      'moss []',
    ]);
  });

  it('of one spelling are not those of another', () => {
    expect(read('fen\tB-Place_I\nrots\tI-Place_I\nmoss\tO\n').sentences).toEqual(['fen rots moss [fen rots Place_I]']);
    expect(read('a\tB-X\nb\tO\n\nfen\tPlace-B\n').said).toEqual(['error corpus/unknown-tag 4']);
  });

  it('have types without white space', () => {
    const reading = read('acute\tB-Adverse Event\nrot\tI-Adverse Event\nfen\tB-Place\n');
    expect(reading.sentences).toEqual(['acute rot fen [acute rot Adverse_Event, fen Place]']);
    expect(reading.said).toEqual(['info corpus/type-name null']);
  });
});

describe('rows', () => {
  it.each([
    ['trailing tabs', 'fen _ O I-Place\t\t\nrots _ O O\t\t\n'],
    ['trailing tabs in some rows', 'fen\tI-Place\t\nrots\tO\n'],
    ['tabs and spaces', 'fen\tI-Place\nrots O\n'],
    ['spaces around tabs', 'fen \t I-Place\nrots \t O\n'],
    ['byte order marks in the middle', '\ufefffen\tI-Place\n\ufeffrots\tO\n'],
    ['ranges and empty nodes', '1-2\tfenrots\t_\n1\tfen\tI-Place\n1.1\tnone\t_\n2\trots\tO\n'],
  ])('with %s are the same sentence', (_, text) => {
    const reading = read(text);
    expect(reading.sentences).toEqual(['fen rots [fen Place]']);
    expect(reading.said.filter((said) => !said.startsWith('info'))).toEqual([]);
  });

  it.each([
    ['0', '0\tfen\tI-Place\n1\trots\tO\n0\tmoss\tO\n1\trots\tO\n'],
    ['1', '1\tfen\tI-Place\n2\trots\tO\n1\tmoss\tO\n2\trots\tO\n'],
  ])('numbered from %s again begin a sentence where no blank line does', (_, text) => {
    expect(read(text).sentences).toEqual(['fen rots [fen Place]', 'moss rots []']);
  });

  it('of thousands of columns are refused, in bounded time', () => {
    expect(read(`${'a\t'.repeat(3000)}O\n`.repeat(50)).said).toEqual(['error corpus/many-columns 1']);
  });

  it('of ranges do not take a tag with them silently', () => {
    expect(read('1-2\tfenrots\tB-Place\n1\tfen\tB-Place\n2\trots\tO\n').said).toContain('warning corpus/range-tag 1');
  });

  it('of tags alone, one sentence in a row, are refused', () => {
    expect(read('O O B-Ill O\nB-Ill I-Ill O O\nO B-Ill O O\n').said).toEqual(['error corpus/no-token-column 1']);
    expect(read('word\ttag\nO\tO\nO\tO\nB\tB-Drug\n')).toMatchObject({ sentences: ['O O B [B Drug]'] });
  });

  it('of phrases are read as one token each, with a remark', () => {
    expect(read('a\tO\nrenal colic\tB-Ill\nfen\tO\n')).toMatchObject({
      sentences: ['a renal colic fen [renal colic Ill]'],
      said: ['info corpus/phrase-token 2'],
    });
  });

  it('that begin with # within a sentence are left out with a warning', () => {
    expect(read('fen\tB-Place\n# a remark\nrots\tO\n').said).toEqual(['warning corpus/comment-within 2']);
    expect(read('#\nfen\tB-Place\n').said).toEqual(['warning corpus/comment-within 1']);
    // Between sentences, too, if they may be the token # without a cell.
    const [rows, spaced] = ['fen\tfen\tO\nrots\trots\tO\n\n', 'fen NN O\nrots VBZ O\n\n'];
    for (const lost of [`#\t#\n\n${rows}`, `# #\n\n${spaced}`, `# SYM\n${spaced}`, `# 0.5\n${spaced}`]) {
      expect(read(lost).said).toEqual(['warning corpus/comment-within 1']);
    }
    for (const comment of ['# a remark', '# text', '# text = Fen rots.', '#1', '##']) {
      expect(read(`${comment}\n${spaced}`).said).toEqual(['info corpus/comment 1']);
    }
    expect(read('fen\tB-Place\nrots O\n').said).toEqual(['info corpus/mixed-separators 2']);
    expect(read('fen\tB-Place\n#\tO\n').sentences).toEqual(['fen # [fen Place]']);
    expect(read('fen\tB-Place\n#\tO\tO\n').said).toContain('error corpus/columns 2');
  });
});

describe('WebAnno TSV 3', () => {
  const file = [
    '#FORMAT=WebAnno TSV 3.3',
    '#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue',
    '#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value',
    '#T_RL=de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency|DependencyType|BT_de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS',
    '#T_SP=webanno.custom.Sign|',
    '',
    '',
    '#Text=Old fen moss rots .',
    '1-1\t0-3\tOld\tJJ\t*[1]\tPlace[1]\t_\t_\t_\t',
    '1-2\t4-7\tfen\tNN\t*[1]|*[2]\tPlace[1]|Herb\\_Name[2]\t_\t_\t_\t',
    '1-3\t8-12\tmoss\tNN\t*[2]\tHerb\\_Name[2]\tdep\t1-2\t*\t',
    '1-4\t13-17\trots\tVBZ\t_\t_\t_\t_\t_\t',
    '1-4.1\t13-16\trot\t_\t*\tEvent\t_\t_\t_\t',
    '1-5\t18-19\t.\t_\t_\t_\t_\t_\t_\t',
    '',
    '#Text=*',
    '2-1\t20-21\t*\t_\t*\tPlace\t_\t_\t_\t',
  ].join('\n');

  it('gives mentions of several tokens, stacked ones as layers, and remarks on parts of tokens', () => {
    const { corpora } = assembleCorpora([{ path: 'fen/train.tsv', bytes: bytesOf(file) }]);
    const [corpus] = corpora;
    expect(read(file).sentences).toEqual(['Old fen moss rots . [Old fen Place, rots Event]', '* [* Place]']);
    expect(corpus?.survey?.columns.map(({ header, role }) => `${header} ${role}`)).toEqual([
      'token token',
      'NamedEntity.value tag',
      'Sign tag',
    ]);
    expect(corpus?.issues.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'warning corpus/columns-unsure',
      'warning corpus/columns-unsure',
      'warning corpus/token-parts',
      'warning corpus/nested',
      'info corpus/webanno-layers',
    ]);
    const chosen = corpus?.survey?.chosen;
    if (chosen === undefined) throw new Error('no survey');
    const sign = { ...chosen, layer: 'only' as const, tagColumn: 2, layerColumns: [2] };
    const again = assembleCorpora([{ path: 'fen/train.tsv', bytes: bytesOf(file) }], new Map([['fen', sign]]))
      .corpora[0];
    expect(again?.sentences.train[0]?.mentions).toEqual([{ type: 'Sign', start: 2, end: 3 }]);
  });
});

describe('names of files', () => {
  it('of the shared task on Genia say their splits', () => {
    const rows = bytesOf('p53\tB-protein\nbinds\tO\n');
    const names = ['JNLPBA/Genia4ERtask1.iob2', 'JNLPBA/Genia4EReval1.iob2'];
    const { corpora } = assembleCorpora(names.map((path) => ({ path, bytes: rows })));
    expect(corpora).toHaveLength(1);
    expect(corpora[0]?.sources.map(({ file: name, split }) => [name, split])).toEqual([
      ['JNLPBA/Genia4ERtask1.iob2', 'train'],
      ['JNLPBA/Genia4EReval1.iob2', 'test'],
    ]);
  });
});
