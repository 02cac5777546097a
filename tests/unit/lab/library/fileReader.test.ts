// Proves that files read in a Worker give what they give in this thread, that progress comes, and that cancelling ends the reading.
import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readerInThread, readerInWorker, type FileReader } from '../../../../src/lab/library/fileReader.ts';
import type { ReadingControl } from '../../../../src/lab/library/readDrop.ts';
import { readResult } from '../../../../src/storage/resultRecords.ts';
import { memory, type Store } from '../../../../src/storage/store.ts';
import { neverAborted, type Progress } from '../../../../src/util/clock.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { connect, portWire } from '../../../../src/wire/port.ts';
import type { DropContext, ReadingCalls } from '../../../../src/wire/readingProtocol.ts';
import { createReadingServer } from '../../../../workers/readingServer.ts';
import { droppedBytes, droppedCorpus, droppedModel, droppedText } from '../../../fixtures/drops.ts';
import { faultyStore } from '../../../fixtures/faultyStore.ts';
import { finishedResult } from '../../../fixtures/finishedResult.ts';

const context: DropContext = {
  corpora: [],
  builtIn: false,
  only: null,
  choices: new Map(),
  addedAt: '2026-01-02T03:04:05.000Z',
};
const unwatched: ReadingControl = { signal: neverAborted, report: () => undefined };

function overChannel(store: Store): FileReader {
  return readerInWorker(() => {
    const { port1, port2 } = new MessageChannel();
    createReadingServer({ store, wire: portWire(port2) });
    return connect<ReadingCalls, Progress>(portWire(port1));
  });
}

const drop = [
  ...droppedCorpus('moss'),
  ...droppedModel('tiny'),
  droppedText('notes.result.json', '{"format":"bioner-lab-result"}'),
  droppedText('plan.json', '{"format":"bioner-lab-plan","version":1}'),
  droppedText('image.png', 'x'),
];

describe('Reading dropped files', () => {
  test('gives the same over a channel as in this thread, and stores the same corpora', async () => {
    const [here, there] = [memory(), memory()];
    const inThread = await readerInThread(here).readDrop(drop, context, unwatched);
    const inWorker = await overChannel(there).readDrop(drop, context, unwatched);
    expect(inWorker).toEqual(inThread);
    expect(inThread.corpora.map(({ name }) => name)).toEqual(['moss']);
    expect(inThread.models.map(({ name }) => name)).toEqual(['tiny']);
    expect(inThread.results).toEqual([{ name: 'notes.result.json', error: expect.objectContaining({ code: 'result/invalid' }) as unknown }]); // prettier-ignore
    const keys = await here.keys('corpus/');
    expect(keys.length).toBeGreaterThan(0);
    expect(await there.keys('corpus/')).toEqual(keys);
    for (const key of keys) expect(await there.read(key)).toEqual(await here.read(key));
  });

  test('stores a result file, packed or not, before it is reported, once, and refuses one that is too large with the bound', async () => {
    const store = memory();
    const file = finishedResult();
    const files = [droppedText('mine.result.json', JSON.stringify(file))];
    const { results } = await overChannel(store).readDrop(files, context, unwatched);
    expect(results).toEqual([{ name: 'mine.result.json', content: { id: file.checksum.slice(0, 16) } }]);
    expect(await readResult(store, file.checksum.slice(0, 16))).toMatchObject({ fileName: 'mine.result.json', file });
    const again = await readerInThread(faultyStore(store, () => Promise.reject(new Error('written again')))).readDrop(files, context, unwatched); // prettier-ignore
    expect(again.results).toEqual(results);
    const packed = new Uint8Array(gzipSync(new TextEncoder().encode(JSON.stringify(file))));
    const unpacked = await overChannel(memory()).readDrop(
      [droppedBytes('mine.result.json.gz', packed)],
      context,
      unwatched,
    );
    expect(unpacked.results).toEqual(results);
    const large = droppedText('large.json', `{"format":"bioner-lab-result",${' '.repeat(129 * 2 ** 20)}}`);
    const refused = await readerInThread(memory()).readDrop([large], context, unwatched);
    expect(refused.results).toEqual([
      { name: 'large.json', error: expect.objectContaining({ code: 'result/too-large', expected: 'at most 128 MiB', got: '130 MiB' }) as unknown }, // prettier-ignore
    ]);
  });

  test('names the corpora for which there is no room, and reads what else was dropped', async () => {
    const full = faultyStore(memory(), ({ keys }) => {
      if (keys.some((key) => key.startsWith('corpus/'))) throw new LabError('storage/full', 'no room');
    });
    const result = droppedText('mine.result.json', JSON.stringify(finishedResult()));
    const reading = await overChannel(full).readDrop([...drop, result], context, unwatched);
    expect(reading.corpora).toEqual([]);
    expect(reading.unstored).toEqual([{ name: 'moss', error: expect.objectContaining({ code: 'storage/full' }) as unknown }]); // prettier-ignore
    expect(reading.models.map(({ name }) => name)).toEqual(['tiny']);
    expect(reading.results.map((read) => 'content' in read)).toEqual([false, true]);
  });

  test('gives no corpus the name that another one of the drop was given', async () => {
    const files = [...droppedCorpus('a/moss', 'a'), ...droppedCorpus('b/moss 2', 'b')];
    const taken = { ...context, corpora: [{ id: 'other', name: 'moss' }] };
    const { corpora } = await readerInThread(memory()).readDrop(files, taken, unwatched);
    expect(corpora.map(({ record }) => record?.name)).toEqual(['moss 2', 'moss 2 2']);
  });

  test('reads texts to tag alike in both', async () => {
    const texts = [droppedText('a/one.txt', 'Moss causes leaf rot.')];
    const inThread = await readerInThread(memory()).readTexts(texts, unwatched);
    expect(await overChannel(memory()).readTexts(texts, unwatched)).toEqual(inThread);
    expect(inThread.documents.map(({ text }) => text)).toEqual(['Moss causes leaf rot.']);
  });

  test('reports the bytes read before each file', async () => {
    const reported: Progress[] = [];
    const report = (progress: Progress) => void reported.push(progress);
    await overChannel(memory()).readDrop(droppedCorpus('moss'), context, { signal: neverAborted, report });
    const reading = reported.filter(({ phase }) => phase === 'reading').map(({ done }) => done);
    expect(reading).toHaveLength(3);
    expect(reading[0]).toBe(0);
    expect(reading[2]).toBeGreaterThan(reading[1] ?? Infinity);
    expect(reported.at(-1)).toEqual({ phase: 'storing', done: 0, of: 1 });
  });

  test.each([
    ['a Worker', overChannel],
    ['this thread', readerInThread],
  ])('in %s, a cancelled reading rejects with the reason and stores nothing', async (_name, readerOn) => {
    const store = memory();
    const abort = new AbortController();
    const report = (): void => abort.abort('cancelled');
    const reading = readerOn(store).readDrop(droppedCorpus('moss'), context, { signal: abort.signal, report });
    await expect(reading).rejects.toBe('cancelled');
    expect(await store.keys('')).toEqual([]);
  });
});

describe('Packed texts to tag', () => {
  test('are opened layer by layer, but not without end', async () => {
    let packed = new Uint8Array(gzipSync(new TextEncoder().encode('Moss causes leaf rot.')));
    const once = await readerInThread(memory()).readTexts([droppedBytes('one.txt.gz', packed)], unwatched);
    expect(once.documents.map(({ text }) => text)).toEqual(['Moss causes leaf rot.']);
    for (let layer = 0; layer < 4; layer++) packed = new Uint8Array(gzipSync(packed));
    const deep = await readerInThread(memory()).readTexts([droppedBytes('deep.txt.gz', packed)], unwatched);
    expect(deep.documents).toEqual([]);
    expect(deep.issues.map(({ code }) => code)).toContain('drop/unread');
  });
});
