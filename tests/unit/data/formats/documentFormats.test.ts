// Proves that corpora of PubTator, BioC, JSON and Parquet, counted by Python, are read completely, and that errors are reported by position.
import { readdirSync, readFileSync } from 'node:fs';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { AnnotatedDocument, AnnotationFormat } from '../../../../src/data/documents/document.ts';
import { unpackParquet } from '../../../../src/data/formats/parquet.ts';
import { checkParquetPages } from '../../../../src/data/formats/parquetPages.ts';
import { writeDocuments } from '../../../../src/data/formats/writeDocuments.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { detectFormat } from '../../../../src/data/import/detectFormat.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import { sortDroppedFiles } from '../../../../src/data/import/sortDrop.ts';
import { corpusSourceSchema } from '../../../../src/schema/corpusRecord.ts';
import { droppedBytes } from '../../../fixtures/drops.ts';

const root = 'tests/fixtures/corpora';
const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const fixture = (folder: string) =>
  readdirSync(`${root}/${folder}`).map((name) => ({
    path: `${folder}/${name}`,
    bytes: new Uint8Array(readFileSync(`${root}/${folder}/${name}`)),
  }));
const mentionsOf = ({ text, mentions }: AnnotatedDocument) =>
  mentions.map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
const read = (path: string, text: string) => readDocuments([file(path, text)]);
const problems = ({ issues }: ReturnType<typeof readDocuments>) =>
  issues.map(({ severity, code, line }) => [severity, code, line]);
const sourcesOf = (folder: string) =>
  assembleCorpora(fixture(folder)).corpora.map(({ name, sources, types, issues }) => ({
    name,
    types,
    sources: sources.map((one) => {
      expect(corpusSourceSchema.parse(one)).toEqual(one);
      return 'format' in one
        ? [one.file.slice(one.file.lastIndexOf('/') + 1), one.split, one.format, one.documents]
        : [];
    }),
    codes: issues.map(({ code, line }) => [code, line]),
  }));

describe('PubTator', () => {
  it('is a corpus with mentions by offset, composite ones whole, relations passed over', () => {
    expect(sourcesOf('pubtator/fen')).toEqual([
      {
        name: 'fen',
        types: ['Disease', 'Herb'],
        sources: [
          ['CDR_TrainingSet.PubTator.txt', 'train', 'PubTator', 2],
          ['CDR_TrainingSet.PubTator.txt (drawn)', 'devel', 'PubTator', 1],
          ['CDR_TestSet.PubTator.txt', 'test', 'PubTator', 1],
        ],
        codes: [['corpus/devel-drawn', null]],
      },
    ]);
    const { documents, issues } = readDocuments(fixture('pubtator/fen'));
    expect(issues).toEqual([]);
    expect(documents.map((one) => [one.id, ...mentionsOf(one)])).toEqual([
      ['9004', 'Disease: Mud ague'],
      ['9001', 'Disease: Marsh fever', 'Disease: marsh fever', 'Herb: bitter moss'],
      ['9002', 'Herb: Grey tansel', 'Disease: bog and reed cough'],
      ['9003', 'Herb: Sallow mint'],
    ]);
    expect(documents[3]?.text).toBe('Sallow mint');
  });

  it.each([
    ['1|t|Moss.\n1|a|Reed.\n1\t0\t99\tMess\tHerb\n', 'error', 'corpus/span', 3, []],
    ['1|t|Moss.\n1|a|Reed.\n1\t0\t99\tMoss\tHerb\n', 'warning', 'corpus/moved-mention', 3, ['1']],
    ['1|t|Moss.\n1|a|Reed.\n1\t0\t4\tMess\tHerb\n', 'error', 'corpus/span-text', 3, ['1']],
    ['1|t|Moss.\n1|a|Reed.\n1\t0\tx\tMoss\tHerb\n', 'error', 'corpus/row', 3, []],
    ['1|t|Moss.\n2\t0\t4\tMoss\tHerb\n', 'error', 'corpus/row', 2, []],
    ['1|t|Moss.\n2|a|Reed.\n\n3|t|Eel.\n', 'error', 'corpus/row', 2, ['3']],
    ['1|t|Moss.\n1\t0\t4\tMoss\t\n', 'warning', 'corpus/untyped-mention', 2, ['1']],
  ])('tells what is wrong in %j', (text, severity, code, line, kept) => {
    const reading = read('a.pubtator', text);
    expect(problems(reading)).toEqual([[severity, code, line]]);
    expect(reading.documents.map(({ id }) => id)).toEqual(kept);
  });

  it('is believed in the unit that its texts speak for', () => {
    // In UTF-16 units, then in bytes, of a text whose bird is one code point.
    for (const row of ['1\t3\t7\tMoss\tHerb', '1\t5\t9\tMoss\tHerb']) {
      const reading = read('a.txt', `1|t|🐦 Moss Moss\n1|a|\n${row}\n`);
      expect(reading.documents[0]?.mentions).toMatchObject([{ start: 3, end: 7 }]);
    }
  });

  it('leaves out documents that are not UTF-8', () => {
    const bytes = new Uint8Array([...Buffer.from('1|t|Mo'), 0xe9, ...Buffer.from('\n\n2|t|Eel.\n')]);
    const reading = readDocuments([{ path: 'a.pubtator', bytes }]);
    expect(problems(reading)).toEqual([['error', 'corpus/invalid-utf8', 1]]);
    expect(reading.documents.map(({ id }) => id)).toEqual(['2']);
  });
});

describe('BioC', () => {
  it('is a corpus in XML and in JSON, with passages, sentences, and mentions of several places', () => {
    expect(sourcesOf('bioc/fen')).toEqual([
      {
        name: 'fen',
        types: ['Disease', 'Herb'],
        sources: [
          ['train.xml', 'train', 'BioC', 1],
          ['train.xml (drawn)', 'devel', 'BioC', 1],
          ['test.json', 'test', 'BioC', 1],
        ],
        codes: [
          ['corpus/discontinuous', 9],
          ['corpus/no-place', null],
          ['corpus/devel-drawn', null],
        ],
      },
    ]);
    const { documents } = readDocuments(fixture('bioc/fen'));
    expect(documents.map((one) => [one.id, one.text, ...mentionsOf(one)])).toEqual([
      ['79', 'Mud ague 🐦\nMoss heals.', 'Disease: Mud ague', 'Herb: Moss'],
      [
        '77',
        'Marsh fever & herons 🐦.\nHerons with marsh or reed fever ate moss.',
        'Disease: Marsh fever',
        'Disease: marsh or reed fever',
        'Herb: moss',
      ],
      ['78', 'Eels hide.\nmud ague shakes.', 'Disease: mud ague'],
    ]);
    expect(documents[2]?.sentences).toHaveLength(2);
  });

  const collection = (inner: string, head = '') => `${head}<collection>${inner}</collection>`;
  const one = (passage: string) => `<document><id>1</id><passage><offset>0</offset>${passage}</passage></document>`;

  it('takes namespaces, CDATA, another encoding, offsets by the passage, and a passage out of place', () => {
    const prefixed =
      '<b:collection xmlns:b="urn:b"><b:document><b:passage><b:text><![CDATA[Moss <3]]></b:text></b:passage></b:document></b:collection>';
    expect(read('a.xml', prefixed).documents.map(({ text }) => text)).toEqual(['Moss <3']);
    const latin = Buffer.from(
      collection(one('<text>Möss</text>'), '<?xml version="1.0" encoding="ISO-8859-1"?>'),
      'latin1',
    );
    expect(readDocuments([{ path: 'a.xml', bytes: new Uint8Array(latin) }]).documents[0]?.text).toBe('Möss');
    const annotation =
      '<annotation><infon key="type">Herb</infon><location offset="5" length="4"/><text>moss</text></annotation>';
    const far = `<passage><offset>900000000</offset><text>Some moss</text>${annotation}</passage>`;
    const [document] = read(
      'a.xml',
      collection(`<document><passage><offset>0</offset><text>Eels</text></passage>${far}</document>`),
    ).documents;
    expect(document?.text).toBe('Eels\nSome moss');
    expect(document === undefined ? [] : mentionsOf(document)).toEqual(['Herb: moss']);
  });

  it.each([
    ['truncated', `<collection>${one('<text>Moss</text>')}\n<document><passage><te`, 'corpus/xml', 2, ['1']],
    ['not well-formed', `<collection>\n${one('<text>Moss</offset>')}</collection>`, 'corpus/xml', 2, []],
    [
      'with entities that unfold',
      collection(
        one('<text>&b;</text>'),
        `<!DOCTYPE collection [<!ENTITY a "${'x'.repeat(99)}"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n`,
      ),
      'corpus/xml',
      2,
      [],
    ],
    [
      'with entities from elsewhere',
      collection(one('<text>&e;</text>'), '<!DOCTYPE collection [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n'),
      'corpus/xml',
      2,
      [],
    ],
  ])('that is %s ends there with an error', (_, text, code, line, kept) => {
    const reading = read('a.xml', text);
    expect(problems(reading)).toEqual([['error', code, line]]);
    expect(reading.documents.map(({ id }) => id)).toEqual(kept);
  });

  it('in JSON without texts or offsets is told', () => {
    const reading = read('a.json', '{"documents":[{"id":"1","passages":[{"text":"Moss"}]},{"id":"2","passages":[]}]}');
    expect(problems(reading)).toEqual([
      ['error', 'corpus/bioc', 1],
      ['error', 'corpus/bioc', 1],
    ]);
  });

  it('comes one document a line, too', () => {
    const reading = read(
      'a.json',
      '{"id":"1","passages":[{"offset":0,"text":"Moss"}]}\n{"id":2,"passages":[{"offset":0,"text":"Eel"}]}\n',
    );
    expect(reading.documents.map(({ id, text }) => [id, text])).toEqual([
      ['1', 'Moss'],
      ['2', 'Eel'],
    ]);
  });
});

describe('JSON', () => {
  it.each(readdirSync(`${root}/jsonl/kinds`))('%s says the same as every other', (name) => {
    const path = `jsonl/kinds/${name}`;
    const bytes = new Uint8Array(readFileSync(`${root}/${path}`));
    expect(detectFormat(path, bytes)).toBe('corpus');
    const { documents, issues } = readDocuments([{ path, bytes }]);
    expect(issues.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(documents).toHaveLength(1);
    expect(documents.flatMap(mentionsOf)).toEqual(['Herb: Moss', 'Disease: mud ague']);
    expect(documents[0]?.sentences.map((tokens) => tokens.length)).toEqual([6]);
  });

  it('is written as Python writes it', () => {
    const written = (format: AnnotationFormat, path: string) => {
      const text = readFileSync(`${root}/${path}`, 'utf8');
      const { documents } = read(path, text);
      const [out] = writeDocuments(format, documents);
      return [new TextDecoder().decode(out?.bytes), text].map((one) => JSON.parse(one) as Record<string, unknown>);
    };
    const [ours, theirs] = written('doccano', 'jsonl/kinds/doccano.jsonl');
    expect(ours).toEqual({ ...theirs, id: '5' });
    const [spans, ofSpacy] = written('spaCy', 'jsonl/kinds/spacy-doc.json');
    expect(spans?.['ents']).toEqual(ofSpacy?.['ents']);
    const [tagged, rows] = written('Hugging Face', 'jsonl/kinds/hugging-face.jsonl');
    expect(tagged).toMatchObject(rows ?? {});
    const { documents } = read('studio.json', readFileSync(`${root}/jsonl/kinds/label-studio.json`, 'utf8'));
    const [tasks] = writeDocuments('Label Studio', documents);
    const valueOf = /"value":\s*(\{[^}]*\})/g;
    const values = (text: string) => [...text.matchAll(valueOf)].map(([, value = '']) => JSON.parse(value) as unknown);
    expect(values(new TextDecoder().decode(tasks?.bytes))).toEqual(
      values(readFileSync(`${root}/jsonl/kinds/label-studio.json`, 'utf8')).slice(0, 2),
    );
  });

  it('of Hugging Face takes the names of its tags from the description beside it', () => {
    expect(sourcesOf('jsonl/fen')).toEqual([
      {
        name: 'fen',
        types: ['Disease', 'Herb'],
        sources: [
          ['train.jsonl', 'train', 'JSONL', 2],
          ['validation.jsonl', 'devel', 'JSONL', 2],
          ['test.jsonl', 'test', 'JSONL', 2],
        ],
        codes: [],
      },
    ]);
    const alone = readDocuments(fixture('jsonl/fen').filter(({ path }) => path.endsWith('test.jsonl')));
    expect(alone.documents).toEqual([]);
    expect(alone.issues).toMatchObject([{ code: 'corpus/tag-names', line: 1 }]);
  });

  it.each([
    ['{"text":"Moss","label":[[0,4,"Herb"]]}\n{"text":\n{"text":"Eel"}\n', 'corpus/json', 2, 2],
    ['{"text":"Moss","label":[[0,9,"Herb"]]}\n{"text":"Eel"}\n', 'corpus/span', 1, 1],
    ['{"text":"Moss","label":["Herb"]}\n{"text":"Eel"}\n', 'corpus/item', 1, 1],
    ['{"text":"Eel"}\n{"label":[[0,4,"Herb"]]}\n', 'corpus/item', 2, 1],
    [
      '{"text":"Moss","spans":[{"start":0,"end":4,"text":"Mess","label":"Herb"}]}\n{"text":"Eel"}\n',
      'corpus/span-text',
      1,
      1,
    ],
    ['{"tokens":["Moss"],"ner_tags":["B-Herb","O"]}\n{"tokens":["Eel"],"ner_tags":["O"]}\n', 'corpus/item', 1, 1],
    ['{"tokens":["Moss"],"ner_tags":["Q-Herb"]}\n{"tokens":["Eel"],"ner_tags":["O"]}\n', 'corpus/item', 1, 1],
    ['[{"text":"Moss"', 'corpus/json', null, 0],
  ])('tells what is wrong in %j', (text, code, line, kept) => {
    const reading = read('a.jsonl', text);
    expect(problems(reading)).toEqual([['error', code, line]]);
    expect(reading.documents).toHaveLength(kept);
  });

  it('reports mentions that overlap with their line, and names documents without an id after the file', () => {
    const reading = read('a.jsonl', '{"text":"Moss"}\n{"text":"Bog moss","label":[[0,8,"Herb"],[4,8,"Herb"]]}\n');
    expect(problems(reading)).toEqual([['warning', 'corpus/overlap', 2]]);
    expect(reading.documents.map(({ id }) => id)).toEqual(['a-1', 'a-2']);
  });

  it.each([
    ['package.json', '{"name":"a","description":"text"}', 'other'],
    ['a.json', '{"format":"bioner-lab-result","text":"x","label":[]}', 'result'],
    ['a.jsonl', '{"format":"bioner-lab-plan"}', 'plan'],
    ['a.json', '{"data":1}', 'other'],
    ['pom.xml', '<project/>', 'other'],
    ['a.xml', '<?xml version="1.0"?><collection>', 'corpus'],
    ['a.jsonl', '{"id": 1, "text": "x"}\n', 'corpus'],
    ['dataset_info.json', '{"features":{}}', 'corpus'],
    ['a.txt', '12|t|Moss', 'corpus'],
    ['a.txt', 'Prose | with bars', 'other'],
  ])('%s with %j is %s', (path, text, format) => {
    expect(detectFormat(path, new TextEncoder().encode(text))).toBe(format);
  });
});

describe('Parquet', () => {
  it.each(['snappy', 'gzip', 'zstd', 'none'])(
    'packed by %s becomes rows with the names of their tags',
    async (packing) => {
      const files = fixture(`parquet/${packing}`);
      const [only] = files;
      const drop = await sortDroppedFiles(files.map(({ path, bytes }) => droppedBytes(path, bytes)));
      expect(drop.issues).toEqual([]);
      expect(drop.corpusFiles.map(({ path }) => path)).toEqual([only?.path]);
      // The gzip-packed one has no names.
      const { documents, issues } = readDocuments(drop.corpusFiles);
      expect(issues.map(({ code }) => code)).toEqual(packing === 'gzip' ? ['corpus/tag-names'] : []);
      expect(documents.map((one) => [one.id, ...mentionsOf(one)])).toEqual(
        packing === 'gzip' ? [] : [['5', 'Herb: Moss', 'Disease: mud ague'], ['6']],
      );
    },
  );

  it('that is damaged is told', async () => {
    for (const size of [4, 40, 400]) {
      const [{ bytes }] = fixture('parquet/snappy') as [ReturnType<typeof file>];
      const { file: unpacked, issues } = await unpackParquet({ path: 'a.parquet', bytes: bytes.slice(0, size) });
      expect(unpacked).toBeNull();
      expect(issues).toMatchObject([{ severity: 'error', code: 'corpus/parquet', file: 'a.parquet' }]);
    }
  });

  it('in a packing that is not read is told by its name', () => {
    const [{ bytes }] = fixture('parquet/snappy') as [ReturnType<typeof file>];
    const { buffer } = bytes.slice();
    expect(() => checkParquetPages(buffer, parquetMetadata(buffer), () => undefined)).toThrow('got SNAPPY');
  });

  it('is a corpus under the name of its folder', async () => {
    const drop = await sortDroppedFiles(fixture('parquet/snappy').map(({ path, bytes }) => droppedBytes(path, bytes)));
    const [corpus] = assembleCorpora(drop.corpusFiles).corpora;
    expect(corpus?.name).toBe('snappy');
    expect(corpus?.sources.map((one) => ('format' in one ? [one.split, one.format] : []))).toEqual([
      ['train', 'Parquet'],
      ['devel', 'Parquet'],
    ]);
  });
});
