// Proves that records are written and removed in a crash-safe order, and that a corrupt one is reported and hides no other.
import { describe, expect, it } from 'vitest';
import type { CorpusSentences } from '../../../src/data/corpus/corpus.ts';
import type { CorpusRecord } from '../../../src/schema/corpusRecord.ts';
import type { ModelRecord } from '../../../src/schema/modelRecord.ts';
import {
  listCorpusRecords,
  readCorpusSentences,
  removeCorpus,
  saveCorpus,
} from '../../../src/storage/corpusRecords.ts';
import {
  listModelRecords,
  readModelFile,
  readModelRecord,
  removeModel,
  saveModel,
} from '../../../src/storage/modelRecords.ts';
import { memory, type Store } from '../../../src/storage/store.ts';
import { LabError } from '../../../src/util/labError.ts';

const noCounts = { sentences: 0, tokens: 0, mentions: 0, longest: 0, perType: {} };

function corpusRecord(id: string): CorpusRecord {
  return {
    version: 1,
    id,
    name: 'Invented',
    fingerprint: id.repeat(4),
    types: ['Chemical'],
    sources: [],
    counts: { train: noCounts, devel: noCounts, test: noCounts },
    issues: [],
    issueCount: 0,
    builtIn: false,
    addedAt: '2026-01-02T03:04:05Z',
  };
}

const sentences: CorpusSentences = {
  train: [{ tokens: ['Zorbine', 'heals', 'naïve', 'mice'], mentions: [{ type: 'Chemical', start: 0, end: 1 }] }],
  devel: [{ tokens: ['None', 'here'], mentions: [] }],
  test: [],
};

const modelRecord: ModelRecord = {
  version: 1,
  id: 'm1',
  name: 'tiny',
  fingerprint: 'f'.repeat(64),
  files: [{ name: 'config.json', sizeBytes: 3 }],
  parameterCount: 10,
  layers: 1,
  hiddenSize: 2,
  heads: 1,
  vocabularySize: 5,
  activation: 'gelu',
  family: 'xlnet',
  builtIn: true,
  addedAt: '2026-01-02T03:04:05Z',
};

/** A store that logs its calls, and fails after a number of writes. */
function watched(store: Store, allowedWrites = Infinity): { readonly store: Store; readonly calls: string[] } {
  const calls: string[] = [];
  let writes = 0;
  return {
    calls,
    store: {
      ...store,
      async write(key, bytes) {
        if (++writes > allowedWrites) throw new LabError('storage/full', 'No room.');
        calls.push(`write ${key}`);
        await store.write(key, bytes);
      },
      async remove(keys) {
        calls.push(...keys.map((key) => `remove ${key}`));
        await store.remove(keys);
      },
    },
  };
}

const text = (value: string) => new TextEncoder().encode(value);

describe('corpora', () => {
  it('come back as they were saved', async () => {
    const store = memory();
    await saveCorpus(store, corpusRecord('aa'), sentences);
    expect(await readCorpusSentences(store, 'aa')).toEqual(sentences);
    expect(await listCorpusRecords(store)).toEqual({ records: [corpusRecord('aa')], unreadable: [] });
  });

  it('write their record last and remove it first', async () => {
    const { store, calls } = watched(memory());
    await saveCorpus(store, corpusRecord('aa'), sentences);
    expect(calls.at(-1)).toBe('write corpus/aa/record');
    expect(calls).toHaveLength(4);
    calls.length = 0;
    await removeCorpus(store, 'aa');
    expect(calls[0]).toBe('remove corpus/aa/record');
    expect(await store.keys('')).toEqual([]);
  });

  it('are not listed when there was no room for all of them', async () => {
    for (const allowedWrites of [0, 1, 2, 3]) {
      const { store } = watched(memory(), allowedWrites);
      await expect(saveCorpus(store, corpusRecord('aa'), sentences)).rejects.toMatchObject({ code: 'storage/full' });
      expect((await listCorpusRecords(store)).records).toEqual([]);
    }
  });

  it('of a name that begins another are removed alone', async () => {
    const store = memory();
    await saveCorpus(store, corpusRecord('aa'), sentences);
    await saveCorpus(store, corpusRecord('aab'), sentences);
    await removeCorpus(store, 'aa');
    expect((await listCorpusRecords(store)).records.map(({ id }) => id)).toEqual(['aab']);
    expect(await readCorpusSentences(store, 'aab')).toEqual(sentences);
  });

  it('that are not there say so', async () => {
    await expect(readCorpusSentences(memory(), 'zz')).rejects.toMatchObject({ code: 'storage/missing' });
  });

  it.each([
    ['cut off', text('[{"tokens":["a"')],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['of another shape', text('{"tokens":[]}')],
    ['with a mention outside its sentence', text('[{"tokens":["a"],"mentions":[{"type":"X","start":0,"end":2}]}]')],
  ])('with sentences %s are corrupt, and the error names the record', async (_what, bytes) => {
    const store = memory();
    await saveCorpus(store, corpusRecord('aa'), sentences);
    await store.write('corpus/aa/devel', bytes);
    await expect(readCorpusSentences(store, 'aa')).rejects.toMatchObject({
      code: 'storage/corrupt',
      message: expect.stringContaining('corpus/aa/devel') as unknown,
    });
  });

  it('with a corrupt record hide no other', async () => {
    const store = memory();
    for (const id of ['aa', 'bb', 'cc']) await saveCorpus(store, corpusRecord(id), sentences);
    await store.write('corpus/bb/record', text('{"version":9}'));
    const { records, unreadable } = await listCorpusRecords(store);
    expect(records.map(({ id }) => id)).toEqual(['aa', 'cc']);
    expect(unreadable.map(({ code, message }) => [code, message.includes('corpus/bb/record')])).toEqual([
      ['storage/corrupt', true],
    ]);
  });
});

describe('models', () => {
  it('come back with their files, and go whole', async () => {
    const { store, calls } = watched(memory());
    await saveModel(store, modelRecord, [{ name: 'config.json', bytes: text('{ }') }]);
    expect(calls.at(-1)).toBe('write model/m1/record');
    expect(await readModelRecord(store, 'm1')).toEqual(modelRecord);
    expect(await readModelFile(store, 'm1', 'config.json')).toEqual(Uint8Array.from(text('{ }')));
    await expect(readModelFile(store, 'm1', 'tokenizer.json')).rejects.toMatchObject({ code: 'storage/missing' });
    await removeModel(store, 'm1');
    expect(await listModelRecords(store)).toEqual({ records: [], unreadable: [] });
    expect(await store.keys('')).toEqual([]);
  });

  it('are not listed by files that are called record', async () => {
    const store = memory();
    await saveModel(store, modelRecord, [{ name: 'record', bytes: text('no JSON') }]);
    expect(await listModelRecords(store)).toEqual({ records: [modelRecord], unreadable: [] });
  });
});
