// Proves that a corpus whose types are nearly the same, or which has a file twice, is read with a remark, and that usual ones have none.
import { describe, expect, it } from 'vitest';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';

/** What is said of a corpus of these files in one folder. */
function remarks(files: Readonly<Record<string, string>>): readonly string[] {
  const dropped = Object.entries(files).map(([name, text]) => ({
    path: `fen/${name}`,
    bytes: new TextEncoder().encode(text),
  }));
  const { corpora } = assembleCorpora(dropped);
  expect(corpora).toHaveLength(1);
  return corpora.flatMap(({ issues }) => issues.map(({ severity, code, file }) => `${severity} ${code} ${file}`));
}

const rows = (...types: readonly string[]) =>
  types.map((type, index) => `word${index}\tB-${type}\nrots\tO\n.\tO\n\n`).join('');

describe('types', () => {
  it.each([
    ['in another case', ['Disease', 'disease']],
    ['with other marks between words', ['Adverse_Event', 'Adverse-Event', 'AdverseEvent']],
  ])('%s are remarked on', (_, types) => {
    expect(remarks({ 'train.tsv': rows(...types) })).toEqual(['warning corpus/types-alike fen/train.tsv']);
  });

  it('that are in another case in another file are remarked on there', () => {
    expect(remarks({ 'train.tsv': rows('Disease', 'Drug'), 'test.tsv': rows('DISEASE') })).toEqual([
      'warning corpus/types-alike fen/train.tsv',
    ]);
  });

  it.each([
    ['Disease:D003924', 'Disease:D003925'],
    ['Disease/D003924', 'Drug/C01'],
    ['Disease#MESH:D4', 'Disease#MESH:D5'],
    ['Disease:0.91', 'Drug:0.8'],
    ['Disease(0.91)', 'Drug(1.0)'],
    ['Disease_0.91', 'Disease_0.92'],
  ])('with an id or a score are remarked on: %s, %s', (...types) => {
    expect(remarks({ 'train.tsv': rows(...types, 'O2') })).toEqual(['warning corpus/types-with-ids fen/train.tsv']);
  });

  it('that join others are remarked on', () => {
    const pubTator = '1|t|Gout in adults\n1|a|Colic seen.\n1\t0\t4\tGout\tT047,T048\n1\t15\t20\tColic\tT047\n\n';
    expect(remarks({ 'train.pubtator': pubTator })).toEqual(['warning corpus/types-joined fen/train.pubtator']);
  });

  it.each([
    ['several tags in a cell', ['DNA#B-protein', 'DNA']],
    ['several tags with a slash', ['DNA/I-protein', 'protein/B-IL2', 'protein/B-IL4']],
    ['a prefix twice', ['B-Drug', 'Effect']],
    ['an underscore', ['Drug_O_B-Effect', 'Drug_O_O']],
  ])('with a tag in their name are remarked on, once: %s', (_, types) => {
    expect(remarks({ 'train.tsv': rows(...types) })).toEqual(['warning corpus/types-with-tags fen/train.tsv']);
  });

  it('of published corpora are not', () => {
    const published = [
      'cell_type',
      'cell_line',
      'DNA',
      'Multi-tissue_structure',
      'Gene_or_gene_product',
      'gene/protein',
    ];
    const others = [
      'Regulon-operon',
      'Two-component-system',
      'HLA-A2',
      'CD4/CD8',
      'T047',
      'T048',
      'GENE-1',
      'GENE-2',
      'Sub-Unit',
    ];
    expect(remarks({ 'train.tsv': rows(...published, ...others) })).toEqual([]);
  });
});

describe('a file that is there twice', () => {
  const text = rows('Disease');
  it.each([
    ['in one split', { 'train.tsv': text, 'train (1).tsv': text }],
    ['as train and test', { 'train.tsv': text, 'test.tsv': text }],
  ])('%s is remarked on', (_, files) => {
    expect(remarks(files)).toEqual([expect.stringMatching(/^warning corpus\/same-file /)]);
  });

  it('is not one of the same size', () => {
    expect(remarks({ 'train.tsv': text, 'test.tsv': text.replace('word0', 'word1') })).toEqual([]);
  });
});
