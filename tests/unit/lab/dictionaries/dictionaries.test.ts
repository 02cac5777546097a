// Proves that a lab stores dictionaries, marks their terms as an ordinary corpus with its provenance, links mentions by them, and removes them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_LINKING } from '../../../../src/data/dictionary/linker.ts';
import { DEFAULT_RULES } from '../../../../src/data/dictionary/termForms.ts';
import { storeDictionary } from '../../../../src/lab/dictionaries/storedDictionary.ts';
import { memory } from '../../../../src/storage/store.ts';
import { fileInMemory } from '../../../../src/util/namedFile.ts';
import { openAnalysisBench, type AnalysisBench } from '../../../fixtures/analysisBench.ts';
import { droppedText } from '../../../fixtures/drops.ts';

const TERMS = 'id\tname\tsynonyms\ttype\nH:1\tmoss\tpeat moss\tHerb\nH:2\tfern\t\tHerb\nbad row\n';
const TEXT = Array.from({ length: 20 }, (_, index) => `Peat moss ${index} grows. A fern does not.`).join(' ');
const rows = 'Moss\tB-Herb\nheals\tO\nferns\tB-Herb\n\nA\tO\nleaf\tB-Herb\n';

let bench: AnalysisBench;
beforeEach(async () => {
  bench = await openAnalysisBench();
});
afterEach(() => bench.close());

async function added(): Promise<string> {
  const [id] = await bench.lab.dictionaries.add([droppedText('herbs.tsv', TERMS)]);
  if (id === undefined) throw new Error('no dictionary');
  return id;
}

const settings = { rules: DEFAULT_RULES, type: null } as const;

describe('A dictionary', () => {
  it('is stored with what was understood, once, and is described and removed', async () => {
    const { lab } = bench;
    const id = await added();
    expect(lab.getState().dictionaries).toMatchObject([
      { id, name: 'herbs', format: 'TSV', entries: 2, terms: 3, types: { Herb: 2 }, issueCount: 1, licence: '' },
    ]);
    expect(lab.getState().dictionaries[0]?.issues).toMatchObject([{ line: 4, severity: 'error' }]);
    expect(await added()).toBe(id);
    expect(lab.getState().dictionaries).toHaveLength(1);
    await lab.dictionaries.describe(id, { licence: 'CC0' });
    expect(lab.getState().dictionaries[0]?.licence).toBe('CC0');
    await expect(lab.dictionaries.describe(id, { name: ' ' })).rejects.toMatchObject({ code: 'dictionary/name' });
    await lab.dictionaries.remove(id);
    expect(lab.getState().dictionaries).toEqual([]);
  });

  it('that cannot be read becomes a notice', async () => {
    expect(await bench.lab.dictionaries.add([droppedText('none.tsv', 'id\tname\n')])).toEqual([]);
    expect(bench.lab.getState().notices.at(-1)).toMatchObject({ severity: 'error', code: 'dictionary/empty' });
  });

  it('is not stored when its reading is cancelled', async () => {
    const store = memory();
    const abort = new AbortController();
    const many = Array.from({ length: 100_000 }, (_, index) => `${index}\tterm ${index}\n`).join('');
    const reading = storeDictionary(
      fileInMemory({ path: 'a.tsv', bytes: new TextEncoder().encode(many) }),
      { dictionaries: [], addedAt: '2026-01-01T00:00:00.000Z' },
      store,
      { signal: abort.signal, report: () => abort.abort(new Error('cancelled')) },
    );
    await expect(reading).rejects.toThrow('cancelled');
    expect(await store.keys('')).toEqual([]);
  });
});

describe('Marked terms', () => {
  it('of text are a corpus that is divided by a seed, the same each time, and says where it comes from', async () => {
    const { lab } = bench;
    const dictionaryId = await added();
    const request = { dictionaryId, source: { kind: 'text', text: TEXT }, ...settings } as const;
    const division = { kind: 'divided', seed: 4 } as const;
    const id = await lab.dictionaries.markTerms({ ...request, name: 'marked', division });
    const record = lab.getState().corpora.find((corpus) => corpus.id === id);
    expect(record).toMatchObject({
      name: 'marked',
      types: ['Herb'],
      silver: { source: 'text', seed: 4, dictionary: { name: 'herbs' }, rules: DEFAULT_RULES, ambiguousCount: 0 },
    });
    const { train, devel, test } = await lab.readCorpus(id ?? '');
    expect([train.length, devel.length, test.length]).toEqual([32, 4, 4]);
    expect([...train, ...devel, ...test].every(({ mentions }) => mentions.length === 1)).toBe(true);
    expect(await lab.dictionaries.markTerms({ ...request, name: 'marked again', division })).toBe(id);
  });

  it('of a corpus ignore its annotation, but for that of test where it is wanted', async () => {
    const { lab } = bench;
    const dictionaryId = await added();
    const files = ['train', 'devel', 'test'].map((split) => droppedText(`marsh/${split}.tsv`, rows));
    const [corpusId] = (await lab.importFiles(files)).corpusIds;
    const source = { kind: 'corpus', corpusId: corpusId ?? '' } as const;
    const division = { kind: 'own', test: 'annotated' } as const;
    const id = await lab.dictionaries.markTerms({ dictionaryId, source, name: 'silver', division, ...settings });
    const { train, test } = await lab.readCorpus(id ?? '');
    const words = (sentences: typeof train) => sentences.map(({ mentions }) => mentions.map(({ start, link }) => [start, link?.id])); // prettier-ignore
    expect(words(train)).toEqual([[[0, 'H:1'], [2, 'H:2']], []]); // prettier-ignore
    expect(words(test)).toEqual([[[0, undefined], [2, undefined]], [[1, undefined]]]); // prettier-ignore
    const refused = lab.dictionaries.markTerms({ dictionaryId, source, name: 'x', division, rules: DEFAULT_RULES, type: 'Moss' }); // prettier-ignore
    await expect(refused).rejects.toMatchObject({ code: 'dictionary/types' });
  });
});

describe('Links', () => {
  it('are answered by the analysis worker, in order', async () => {
    const dictionaryId = await added();
    const mentions = ['Peat mosses', 'fern', 'stone'].map((text) => ({ text, type: 'Herb' }));
    const answer = await bench.lab.analyse('links', { dictionaryId, mentions, options: DEFAULT_LINKING }).answer;
    expect(answer?.links.map(({ id, step }) => [id, step])).toEqual([['H:1', 'normalised'], ['H:2', 'exact'], [null, null]]); // prettier-ignore
    await bench.lab.dictionaries.remove(dictionaryId);
    const other = bench.lab.analyse('links', { dictionaryId: 'none', mentions, options: DEFAULT_LINKING }).answer;
    await expect(other).rejects.toMatchObject({ code: 'storage/missing' });
  });
});
