// Proves that files of terms are read in every form, that a table that is written is read back, and that bad lines are named.
import { describe, expect, it } from 'vitest';
import type { DictionaryEntry } from '../../../../src/data/dictionary/dictionary.ts';
import { dictionaryOf, readDictionary } from '../../../../src/data/dictionary/readDictionary.ts';
import { dictionaryTsv } from '../../../../src/data/dictionary/tableTerms.ts';
import { inTurns } from '../../../../src/util/clock.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { Rng } from '../../../../src/util/random.ts';

const read = (path: string, text: string) => dictionaryOf({ path, bytes: new TextEncoder().encode(text) });

const OBO = `format-version: 1.2
default-namespace: disease_ontology

[Term]
id: X:1
name: breast cancer ! not a comment of an id
synonym: "mammary cancer" EXACT []
synonym: "tumour of \\"breast\\"" BROAD [src:1]
synonym: no quotes
alt_id: X:7
xref: MESH:D001943 {source="a"}

[Term]
id: X:2
name: old thing
is_obsolete: true

[Term]
name: nameless id

[Typedef]
id: part_of
name: part of
`;

describe('OBO', () => {
  it('has scopes, earlier and other ids, without what is obsolete, and names faulty lines', () => {
    const { entries, obsolete, format, issues } = read('a.obo', OBO);
    expect(format).toBe('OBO');
    expect(obsolete).toBe(1);
    expect(entries).toEqual([
      {
        id: 'X:1',
        name: 'breast cancer ! not a comment of an id',
        type: 'disease_ontology',
        synonyms: [
          { text: 'mammary cancer', scope: 'EXACT' },
          { text: 'tumour of "breast"', scope: 'BROAD' },
        ],
        altIds: ['X:7'],
        xrefs: ['MESH:D001943'],
      },
    ]);
    expect(issues.listed.map(({ line, code }) => [line, code])).toEqual([
      [9, 'dictionary/synonym'],
      [18, 'dictionary/stanza'],
    ]);
  });
});

describe('a table', () => {
  it('is read by the names of its columns, whatever their order', () => {
    const { entries, understood } = read(
      'a.tsv',
      '# DiseaseName\tDiseaseID\tSynonyms\n# comment\nAsthma\tMESH:1\tbronchial asthma|wheeze\n',
    );
    expect(entries).toEqual([
      {
        id: 'MESH:1',
        name: 'Asthma',
        type: null,
        synonyms: ['bronchial asthma', 'wheeze'].map((text) => ({ text, scope: null })),
      },
    ]);
    expect(understood).toContain('DiseaseID');
  });

  it('without a header is an id and a term, and rows of one id are one entry', () => {
    const { entries, issues } = read('a.tsv', 'D1\taspirin\nD1\tASA\nD2\t\nD3\tibuprofen\n');
    expect(entries.map(({ id, name, synonyms }) => [id, name, synonyms.map(({ text }) => text)])).toEqual([
      ['D1', 'aspirin', ['ASA']],
      ['D3', 'ibuprofen', []],
    ]);
    expect(issues.listed).toMatchObject([{ line: 3, severity: 'error' }]);
  });

  it('of CSV may have separators in quotation marks', () => {
    expect(read('a.csv', 'id,name\n1,"a, b"\n').entries).toMatchObject([{ id: '1', name: 'a, b' }]);
  });

  it('of one column is a list of terms that are their own ids', () => {
    expect(read('a.txt', 'aspirin\nibuprofen, coated\n').entries.map(({ id }) => id)).toEqual([
      'aspirin',
      'ibuprofen, coated',
    ]);
  });

  it('that is written is read back, for drawn entries', () => {
    const rng = Rng.seeded(7);
    const text = () =>
      Array.from({ length: 1 + rng.integer(3) }, () => 'abcαβ\'"-0,;'.charAt(rng.integer(11)) + 'x').join(' ');
    for (let round = 0; round < 50; round++) {
      const entries = Array.from({ length: 1 + rng.integer(20) }, (_, index): DictionaryEntry => {
        const texts = new Set(Array.from({ length: rng.integer(4) }, text));
        const name = text();
        texts.delete(name);
        return {
          id: `id:${index}`,
          name,
          type: rng.integer(2) === 0 ? null : 'Disease',
          synonyms: [...texts].map((one) => ({ text: one, scope: null })),
          ...(rng.integer(2) === 0 && { altIds: ['a', 'b'] }),
          ...(rng.integer(2) === 0 && { xrefs: ['c'] }),
        };
      });
      expect(read('a.tsv', dictionaryTsv(entries)).entries).toEqual(entries);
    }
  });
});

describe('JSON', () => {
  it.each([
    ['entries', '[{"id":"D1","name":"aspirin","synonyms":["ASA"],"type":"Drug"}]', 'Drug'],
    [
      'patterns of spaCy',
      '{"label":"Drug","pattern":"aspirin","id":"D1"}\n{"label":"Drug","pattern":[{"LOWER":"ASA"}],"id":"D1"}\n',
      'Drug',
    ],
    ['terms by id', '{"D1": ["aspirin", "ASA"]}', null],
  ])('of %s is read', (_, text, type) => {
    expect(read('a.json', text).entries).toEqual([
      { id: 'D1', name: 'aspirin', type, synonyms: [{ text: 'ASA', scope: null }] },
    ]);
  });

  it('names the line of what is no term', () => {
    const { issues } = read(
      'a.jsonl',
      '{"id":"1","name":"a b"}\n{"label":"X","pattern":[{"POS":"NOUN"}]}\n{"id":"2","name":"c d"}\n',
    );
    expect(issues.listed).toMatchObject([{ line: 2, code: 'dictionary/item' }]);
  });
});

describe('a reading', () => {
  it('of a file without a term is refused, and says why', () => {
    expect(() => read('a.tsv', 'id\tname\n')).toThrowError(LabError);
    for (const rows of [
      'id\nMESH:D001241\nMESH:D003920\n',
      '#id\ttype\nMESH:D001241\tChemical\n',
      'CUI,xrefs\nC1,D1\n',
    ]) {
      const name = rows.includes(',') ? 'a.csv' : 'a.tsv';
      const said = {
        code: 'dictionary/empty',
        got: expect.stringMatching(/^line 1: Expected a header that names a column/),
      };
      expect(() => read(name, rows)).toThrowError(expect.objectContaining(said));
    }
    // Words that end as names of ids do are terms, and so is the word itself beside a term.
    expect(read('a.tsv', 'amyloid\nacid\n').entries.map(({ name }) => name)).toEqual(['amyloid', 'acid']);
    expect(read('a.tsv', 'id\tidentity\n').entries.map(({ name }) => name)).toEqual(['identity']);
    expect(() => read('a.obo', '[Term]\nid: 1\nname: a\nis_obsolete: true\n')).toThrowError(/no term/);
  });

  it('can be cancelled between two steps', async () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => `${index}\tterm ${index}\n`).join('');
    const abort = new AbortController();
    const work = readDictionary({ path: 'a.tsv', bytes: new TextEncoder().encode(rows) });
    const report = () => abort.abort(new Error('cancelled'));
    await expect(inTurns(work, { signal: abort.signal, report })).rejects.toThrow('cancelled');
  });
});
