// Proves that rows and annotations which a reader passes over are of other kinds, others refused or counted, and that those in unusual places are read.
import { describe, expect, it } from 'vitest';
import { readBiocJson, readBiocXml } from '../../../../src/data/formats/bioc.ts';
import { readBrat } from '../../../../src/data/formats/brat.ts';
import type { DocumentReading } from '../../../../src/data/formats/documentReading.ts';
import { readPubTator } from '../../../../src/data/formats/pubTator.ts';
import { corpusParts } from '../../../../src/data/import/groupCorpusFiles.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const mentionsOf = ({ documents }: DocumentReading): readonly string[] =>
  documents.flatMap(({ text, mentions }) => mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`)); // prettier-ignore
const codesOf = ({ issues }: DocumentReading): readonly string[] =>
  issues.flatMap((list) => list.listed.map(({ severity, code }) => `${severity} ${code}`));

describe('a row of PubTator', () => {
  const head = '17|t|Role of zip4 in cells.\n17|a|We studied zip4 and zip14.\n';
  const read = (rows: string): DocumentReading => readPubTator(file('a.pubtator', head + rows));

  it.each([
    ['offsets with a decimal point', '17\t8.0\t12.0\tzip4\tGene\t1'],
    ['no start', '17\t\t12\tzip4\tGene\t1'],
    ['a column of ids', '17\tT1\t8\t12\tzip4\tGene'],
    ['two starts', '17\t3,4\t38\tzip4\tGene'],
  ])('with %s is no relation: it is refused', (_, row) => {
    expect(codesOf(read(`${row}\n`))).toEqual(['error corpus/row']);
  });

  it('with spaces around its offsets is read', () => {
    expect(mentionsOf(read('17\t 8\t12 \tzip4\tGene\t1\n'))).toEqual(['Gene: zip4']);
  });

  it('that states a relation is passed over, numbers as ids included', () => {
    const reading = read(
      '17\t8\t12\tzip4\tGene\t1\n17\tCID\tD003000\tD006973\n17\tAssociation\t207\t673\tNovel\n17\tR1\tCID\tT1\tT2\n',
    );
    expect(mentionsOf(reading)).toEqual(['Gene: zip4']);
    expect(codesOf(reading)).toEqual([]);
  });
});

describe('an annotation of BioC', () => {
  const annotation = '<annotation id="T1"><infon key="type">Effect</infon><location offset="25" length="8"/><text>bleeding</text></annotation>'; // prettier-ignore
  const passages =
    '<passage><offset>0</offset><text>Aspirin.</text></passage><passage><offset>9</offset><text>It caused some bleeding.</text></passage>';

  it('beside the passages of its document is read, in XML and JSON', () => {
    const xml = `<collection><document><id>1</id>${passages}${annotation.replace('25', '24')}</document></collection>`;
    expect(mentionsOf(readBiocXml(file('a.xml', xml)))).toEqual(['Effect: bleeding']);
    const own = { infons: { type: 'Effect' }, text: 'bleeding', locations: [{ offset: 24, length: 8 }] };
    const json = {
      id: '1',
      passages: [
        { offset: 0, text: 'Aspirin.' },
        { offset: 9, text: 'It caused some bleeding.' },
      ],
      annotations: [own],
    };
    expect(mentionsOf(readBiocJson(file('a.json', JSON.stringify({ documents: [json] }))))).toEqual(['Effect: bleeding']); // prettier-ignore
  });

  it('in JSON has its place in location or as one object, too, and is counted where it has none', () => {
    const of = (places: object) => ({ infons: { type: 'Effect' }, text: 'Aspirin', ...places });
    const place = { offset: 0, length: 7 };
    const read = (places: object): DocumentReading => {
      const passage = { offset: 0, text: 'Aspirin.', annotations: [of(places)] };
      return readBiocJson(file('a.json', JSON.stringify({ documents: [{ id: '1', passages: [passage] }] })));
    };
    for (const places of [{ locations: [place] }, { location: [place] }, { locations: place }]) {
      expect(mentionsOf(read(places))).toEqual(['Effect: Aspirin']);
    }
    expect(codesOf(read({ locations: [] }))).toEqual(['info corpus/no-place']);
  });
});

describe('a row of BRAT', () => {
  it.each(['t2\tDrug 8 12\tcure', ' T2\tDrug 8 12\tcure', '"T2"\t"Drug 8 12"\t"cure"', '1\tDrug 8 12\tcure'])(
    'that begins like none of its kinds is refused: %s',
    (row) => {
      const reading = readBrat([file('a.txt', 'Aspirin cure'), file('a.ann', `T1\tDrug 0 7\tAspirin\n${row}\n`)]);
      expect(mentionsOf(reading)).toEqual(['Drug: Aspirin']);
      expect(codesOf(reading)).toEqual(['error corpus/row']);
    },
  );

  it('of another kind is passed over', () => {
    const others = 'R1\tCauses Arg1:T1 Arg2:T1\nE1\tDrug:T1\nA1\tNegated T1\nM1\tSpeculation E1\n#1\tAnnotatorNotes T1\tx\n*\tEquiv T1 T1\n\n'; // prettier-ignore
    expect(codesOf(readBrat([file('a.txt', 'Aspirin'), file('a.ann', `T1\tDrug 0 7\tAspirin\n${others}`)]))).toEqual([]); // prettier-ignore
  });
});

it('items of Parquet that are no texts are refused by name, not passed over', () => {
  const items = file('c/test.parquet', '{"sentence_id":1,"token":"Aspirin","tag":"B-Drug"}\n');
  expect(corpusParts([items]).ignored).toEqual([]);
  const { corpora, refused } = assembleCorpora([items]);
  expect(corpora).toEqual([]);
  expect(refused).toHaveLength(1);
});
