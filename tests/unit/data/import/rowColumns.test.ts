// Proves that the columns of rows are chosen once for a corpus, that what is unsure is reported and offered, and that a person's choice is obeyed.
import { describe, expect, it } from 'vitest';
import { SPLITS, type ColumnChoice } from '../../../../src/data/corpus/corpus.ts';
import { assembleCorpora, type AssembledCorpus } from '../../../../src/data/import/assembleCorpora.ts';

const file = (name: string, text: string) => ({ path: `fen/${name}`, bytes: new TextEncoder().encode(text) });
const assemble = (files: Readonly<Record<string, string>>, choice?: ColumnChoice) =>
  assembleCorpora(
    Object.entries(files).map(([name, text]) => file(name, text)),
    new Map(choice === undefined ? [] : [['fen', choice]]),
  );
const mentionsOf = ({ sentences }: AssembledCorpus) =>
  SPLITS.flatMap((split) =>
    sentences[split].flatMap(({ tokens, mentions }) =>
      mentions.map(({ type, start, end }) => `${tokens.slice(start, end).join(' ')} ${type}`),
    ),
  );
const tokensOf = ({ sentences }: AssembledCorpus) =>
  SPLITS.flatMap((split) => sentences[split].map(({ tokens }) => tokens.join(' ')));
const saidOf = ({ issues }: { readonly issues: AssembledCorpus['issues'] }) =>
  issues.map(({ severity, code }) => `${severity} ${code}`);
function only(files: Readonly<Record<string, string>>, choice?: ColumnChoice): AssembledCorpus {
  const { corpora, refused } = assemble(files, choice);
  const [corpus] = corpora;
  if (corpora.length !== 1 || refused.length > 0 || corpus === undefined) throw new Error('no single corpus');
  return corpus;
}
const choice = (changes: Partial<ColumnChoice>): ColumnChoice => ({ tokenColumn: 0, tagColumn: 1, layer: 'only', layerColumns: [changes.tagColumn ?? 1], readsBareTypes: false, ...changes }); // prettier-ignore

const chunked = 'fen NN B-NP B-Place\nrots VBZ B-VP O\nslowly RB B-ADVP O\n';

describe('which column', () => {
  it('is decided for the corpus, not for each file', () => {
    const corpus = only({ 'train.txt': chunked, 'test.txt': 'The DT B-NP O\nmoss NN I-NP O\n' });
    expect(mentionsOf(corpus)).toEqual(['fen Place']);
    expect(saidOf(corpus)).toEqual(['info corpus/no-mentions']);
    expect(corpus.survey?.columns.map(({ role }) => role)).toEqual(['token', 'other', 'chunk', 'tag']);
  });

  it('leaves chunks aside for a column of O, and says so', () => {
    const corpus = only({ 'train.txt': 'The DT B-NP O\nmoss NN I-NP O\nrots VBZ B-VP O\n' });
    expect(mentionsOf(corpus)).toEqual([]);
    expect(saidOf(corpus)).toEqual(['warning corpus/columns-unsure', 'warning corpus/no-mentions']);
    expect(corpus.survey?.doubts).toEqual(['Column 4 is read and has no tag but O; column 3 holds phrases (NP, VP).']);
    expect(mentionsOf(only({ 'train.txt': 'The DT B-NP O\nmoss NN I-NP O\n' }, choice({ tagColumn: 2 })))).toEqual([
      'The moss NP',
    ]);
  });

  it('is the last of several with tags, with a warning, and the one that a person chooses without', () => {
    const files = { 'train.tsv': 'fen\tB-Place\tO\nrots\tO\tB-Event\nmoss\tO\tO\n' };
    const corpus = only(files);
    expect(mentionsOf(corpus)).toEqual(['rots Event']);
    expect(corpus.survey?.doubts).toEqual([
      'Several columns hold tags: column 3 (Event) is read, column 2 (Place) is not.',
    ]);
    expect(saidOf(corpus)).toEqual(['warning corpus/columns-unsure']);
    const chosen = only(files, choice({ tagColumn: 1 }));
    expect(mentionsOf(chosen)).toEqual(['fen Place']);
    expect(saidOf(chosen)).toEqual([]);
    expect(chosen.survey?.chosen.tagColumn).toBe(1);
  });

  it('is the one that a header names', () => {
    const corpus = only({ 'train.tsv': 'word\tner\tguess\nfen\tB-Place\tB-Thing\nrots\tO\tO\n' });
    expect(mentionsOf(corpus)).toEqual(['fen Place']);
    expect(corpus.survey?.columns.map(({ header }) => header)).toEqual(['word', 'ner', 'guess']);
  });

  it.each([
    ['row numbers that continue', '17\tfen\tB-Place\n18\trots\tO\n\n19\tmoss\tO\n'],
    ['ids', 'a-0017\tfen\tB-Place\na-0017\trots\tO\n\na-0018\tmoss\tO\n'],
    ['ids in a short file', 'doc1\tfen\tB-Place\ndoc1\trots\tO\n\ndoc2\tmoss\tO\n'],
    ['parts of speech', 'NN\tfen\tB-Place\nVBZ\trots\tO\n\nNN\tmoss\tO\n'],
    ['offsets', '0\t3\tfen\tB-Place\n4\t8\trots\tO\n\n9\t13\tmoss\tO\n'],
    ['offsets after the tag', 'B-Place\t0\t3\tfen\nO\t4\t8\trots\n\nO\t9\t13\tmoss\n'],
    [
      'names of documents',
      `${'heron\tfen\tB-Place\nheron\trots\tO\n\nheron\tmoss\tO\n\n'}${'rail\tx\tO\nrail\ty\tO\n\nrail\tz\tO\n'.repeat(2)}`,
    ],
  ])('%s are never the tokens', (_, text) => {
    const corpus = only({ 'train.tsv': text });
    expect(mentionsOf(corpus)).toEqual(['fen Place']);
    expect(tokensOf(corpus).slice(0, 2)).toEqual(['fen rots', 'moss']);
  });

  it('is said to be unsure where nothing but numbers is left', () => {
    expect(saidOf(only({ 'train.tsv': '7\tB-Place\n8\tO\n' }))).toEqual(['warning corpus/columns-unsure']);
  });

  it('refuses types without a prefix by their names, and reads them if a person says so', () => {
    const files = { 'train.tsv': 'fen NN I-NC Place\nNord NN I-NC Place\nrots VBZ I-VC O\nmoss NN I-NC O\n' };
    const { corpora, refused } = assemble(files);
    expect(corpora).toEqual([]);
    expect(refused).toMatchObject([
      { name: 'fen', group: 'fen', issues: [{ severity: 'error', code: 'corpus/bare-types' }] },
    ]);
    expect(refused[0]?.issues[0]?.message).toContain('"Place"');
    const offered = refused[0]?.survey?.chosen;
    expect(offered).toEqual(choice({ tagColumn: 3, readsBareTypes: true }));
    const corpus = only(files, offered);
    expect(mentionsOf(corpus)).toEqual(['fen Nord Place']);
    expect(corpus.sources).toMatchObject([{ scheme: 'IO', tagColumn: 3 }]);
  });

  it('refuses a choice of columns that are not there', () => {
    const { refused } = assemble({ 'train.tsv': 'fen\tB-Place\nrots\tO\n' }, choice({ tagColumn: 4 }));
    expect(refused).toMatchObject([{ issues: [{ code: 'corpus/choice' }] }]);
    expect(refused[0]?.survey?.chosen.tagColumn).toBe(1);
  });

  it('is found in a file too short to show its separator', () => {
    const train = 'fen,B-Place\nrots,O\nmoss,O\n'.repeat(5);
    const corpus = only({ 'train.csv': train, 'test.tsv': 'moss,O,\nrots,O,,\nfen,B-Place\n' });
    expect(mentionsOf(corpus)).toHaveLength(6);
    expect(saidOf(corpus)).toEqual([]);
  });

  it('leaves out a file that does not fit, and names what was expected and what it has', () => {
    const corpus = only({ 'train.tsv': chunked.replaceAll(' ', '\t'), 'test.tsv': 'B-Place\tfen\nO\trots\n' });
    expect(corpus.sources).toHaveLength(1);
    expect(corpus.issues[0]).toMatchObject({ severity: 'error', code: 'corpus/layout', file: 'fen/test.tsv' });
    expect(corpus.issues[0]?.message).toBe(
      'Expected tokens in column 1 and tags in column 4 of 4, as in fen/train.tsv, got tokens in column 2 and tags in column 1 of 2: the file is left out.',
    );
  });

  it('survives structured cloning, and shows the rows of three sentences', () => {
    const { survey } = only({ 'train.txt': `${chunked}\n`.repeat(5) });
    expect(structuredClone(survey)).toEqual(survey);
    expect(survey?.preview).toHaveLength(11);
    expect(survey?.preview.filter((cells) => cells.length === 0)).toHaveLength(2);
    expect(survey?.preview[0]).toEqual(['fen', 'NN', 'B-NP', 'B-Place']);
  });

  it('is no question for documents', () => {
    const bytes = new TextEncoder().encode('1|t|fen rots\n1|a|\n1\t0\t3\tfen\tPlace\n\n');
    expect(assembleCorpora([{ path: 'a/train.pubtator', bytes }]).corpora[0]?.survey).toBeNull();
  });
});

describe('nested annotation', () => {
  const piped = { 'train.tsv': 'IL-2\tB-DNA|B-protein\ngene\tI-DNA\nwas\tO\n\nfen\tB-Place\n' };
  const stacked = { 'train.tsv': 'IL-2\tB-DNA\tB-protein\ngene\tI-DNA\tO\nwas\tO\tO\n\nfen\tB-Place\tO\n' };

  it.each([
    ['several tags in a cell', piped, [1]],
    ['columns of tags', stacked, [1, 2]],
  ])('%s: the outer layer is read, with a warning; inner and each can be chosen', (_, files, layerColumns) => {
    const corpus = only(files);
    expect(mentionsOf(corpus)).toEqual(['IL-2 gene DNA', 'fen Place']);
    expect(saidOf(corpus)).toEqual(['warning corpus/columns-unsure', 'warning corpus/nested']);
    expect(corpus.issues[1]?.message).toContain('nested: 1 mentions');
    expect(corpus.survey).toMatchObject({ isNested: true, chosen: { layer: 'outer', layerColumns } });
    const chosen = corpus.survey?.chosen;
    if (chosen === undefined) throw new Error('no survey');

    const inner = only(files, { ...chosen, layer: 'inner' });
    expect(mentionsOf(inner)).toEqual(['IL-2 protein', 'fen Place']);
    expect(saidOf(inner)).toEqual(['info corpus/nested']);

    const { corpora } = assemble(files, { ...chosen, layer: 'each' });
    expect(corpora.map(({ name, group }) => [name, group])).toEqual([
      ['fen layer 1', 'fen'],
      ['fen layer 2', 'fen'],
    ]);
    expect(corpora.map(mentionsOf)).toEqual([['IL-2 gene DNA', 'fen Place'], ['IL-2 protein']]);
    expect(corpora.flatMap(saidOf)).not.toContain('warning corpus/nested');
  });

  it('is not seen in a column of predictions beside one of gold tags', () => {
    const corpus = only({ 'train.tsv': 'fen\tB-Place\tB-Place\nrots\tO\tO\n' });
    expect(corpus.survey?.isNested).toBe(false);
    expect(saidOf(corpus)).toEqual(['warning corpus/columns-unsure']);
  });
});

describe('a corpus without a mention', () => {
  const none = 'fen\tO\nrots\tO\n';
  const some = 'fen\tB-Place\nrots\tO\n';

  it('is a warning', () =>
    expect(saidOf(only({ 'train.tsv': none, 'test.tsv': `${none}.\tO\n` }))).toEqual(['warning corpus/no-mentions']));
  it('is a warning for train', () =>
    expect(saidOf(only({ 'train.tsv': none, 'test.tsv': some }))).toEqual(['warning corpus/no-mentions']));
  it('is an info for test', () =>
    expect(saidOf(only({ 'train.tsv': some, 'test.tsv': none }))).toEqual(['info corpus/no-mentions']));
});

describe('a column without a value in most rows', () => {
  it('is no number of the sentence', () => {
    const rows = 'a\tB-Place\t_\nfig\tO\t_\n.\tO\t_\nfen\tB-Place\t0\n';
    expect(tokensOf(only({ 'train.tsv': rows }))).toEqual(['a fig . fen']);
  });
});
