// Proves that a full disk pauses a run at any write, that the lab says how much space is missing, and that the run ends the same once space is freed.
import { afterEach, describe, expect, it } from 'vitest';
import type { Lab } from '../../src/lab/state/labState.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { LabError } from '../../src/util/labError.ts';
import { Rng } from '../../src/util/random.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { droppedText } from '../fixtures/drops.ts';
import { faultyStore } from '../fixtures/faultyStore.ts';
import { notices, settled, status, view } from '../fixtures/labBench.ts';
import { isLong } from '../fixtures/longForm.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { endOf, openTinyLab, tinyPlan, type TinyLab } from '../fixtures/tinyLab.ts';

const model = modelFolder('f16');
/** Fails every write in the long form; else one of each kind of record. */
const OF_EACH_KIND = isLong ? Infinity : 1;

let opened: TinyLab | null = null;
afterEach(() => opened?.close());

/** A disk that is full from a given write on, counted from the call of `fillAfter`, until `empty` is called. */
function disk(inner: Store) {
  let writes = 0;
  let fullFrom = Infinity;
  const keys: string[] = [];
  const store = faultyStore(inner, ({ kind, keys: [key = ''] }) => {
    if (kind !== 'write') return;
    keys.push(key);
    if (writes++ >= fullFrom) throw new LabError('storage/full', 'The disk is full.');
  });
  return {
    store,
    keys,
    fillAfter(more: number) {
      writes = 0;
      keys.length = 0;
      fullFrom = more;
    },
    empty: () => (fullFrom = Infinity),
  };
}

async function labOn(store: Store): Promise<Lab> {
  opened = await openTinyLab({ store, platform: nodePlatform, backend: 'wasm', model });
  return opened.lab;
}

async function whole(): Promise<{ readonly end: unknown; readonly keys: readonly string[] }> {
  const { store, keys, fillAfter } = disk(memory());
  const lab = await labOn(store);
  fillAfter(Infinity);
  const [runId = ''] = await lab.startPlan(tinyPlan());
  await settled(lab);
  expect(status(lab, runId)).toBe('finished');
  opened?.close();
  return { end: await endOf(store, view(lab, runId).record), keys: [...keys] };
}

/** A lab whose first run was paused by a full disk at one of its writes, and the run that waits behind it. */
async function withoutRoom(seeds: readonly number[]) {
  const filling = disk(memory());
  const lab = await labOn(filling.store);
  filling.fillAfter(40);
  const [first = '', second = ''] = await lab.startPlan(tinyPlan({}, seeds));
  await settled(lab);
  return { lab, filling, first, second };
}

describe('a full disk', () => {
  it(
    'at any write pauses the run, and removing something lets it finish with the same result',
    { timeout: 3_600_000 },
    async () => {
      const { end, keys } = await whole();
      // The first write queues the run: without space for that the plan is rejected. Runs in progress are recorded separately.
      const ofRun = keys.map((_, at) => at).filter((at) => keys[at]?.startsWith('run/'));
      const indices = Rng.seeded(5).shuffled(ofRun.slice(1));
      const kindOf = (at: number): string => (keys[at] ?? '').replaceAll(/[0-9a-f]{9,}|\/tensor\/.*/g, '');
      const struck = indices.filter((at, index) => {
        const before = indices.slice(0, index).filter((other) => kindOf(other) === kindOf(at)).length;
        return before < OF_EACH_KIND;
      });
      expect(new Set(struck.map(kindOf)).size).toBeGreaterThanOrEqual(5);
      console.log(`Fails ${struck.length} of ${indices.length} writes.`);
      for (const at of struck) {
        const where = `full at write ${at}: ${keys[at]}`;
        const filling = disk(memory());
        const lab = await labOn(filling.store);
        await lab.importFiles([droppedText('spare/train.tsv', 'spare\tO\n')]);
        const spare = lab.getState().corpora.find(({ name }) => name === 'spare')?.id ?? '';
        filling.fillAfter(at);
        const [runId = ''] = await lab.startPlan(tinyPlan({}, [1]));
        await settled(lab);
        expect([status(lab, runId), lab.getState().storageFullRun], where).toEqual(['paused', runId]);
        expect(view(lab, runId).record.failure, where).toMatchObject({ code: 'storage/full' });
        expect(notices(lab), where).toContainEqual(expect.stringContaining('The disk is full.'));
        filling.empty();
        await lab.removeCorpus(spare);
        await settled(lab);
        expect([status(lab, runId), lab.getState().storageFullRun], where).toEqual(['finished', null]);
        expect(await endOf(filling.store, view(lab, runId).record), where).toEqual(end);
        opened?.close();
      }
      console.log(`soaked: a full disk, at a write of a run | ${struck.length} | 0`);
    },
  );

  it('keeps waiting runs from starting in vain; stopping the run that lacks space lets them start', async () => {
    const { lab, filling, first, second } = await withoutRoom([1, 2]);
    expect(lab.getState().storageFullRun).toBe(first);
    expect(status(lab, second)).toBe('queued');
    expect(lab.getState().activeRunId).toBeNull();
    filling.empty();
    await lab.stopRun(first);
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['stopped', 'finished']);
  });

  it('puts the retried run before those that wait', async () => {
    const { lab, filling, first, second } = await withoutRoom([1, 2]);
    expect(lab.getState()).toMatchObject({ storageFullRun: first, queue: [second] });
    filling.empty();
    await lab.resumeRun(first);
    expect(lab.getState()).toMatchObject({ activeRunId: first, queue: [second] });
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['finished', 'finished']);
  });

  it('that is still full after something was removed pauses the run again', async () => {
    const { lab, filling, first: runId } = await withoutRoom([1]);
    await lab.resumeRun(runId);
    await settled(lab);
    expect([status(lab, runId), lab.getState().storageFullRun]).toEqual(['paused', runId]);
    filling.empty();
    await lab.resumeRun(runId);
    await settled(lab);
    expect(status(lab, runId)).toBe('finished');
  });

  it('rejects a plan that cannot even be queued, and says why', async () => {
    const filling = disk(memory());
    const lab = await labOn(filling.store);
    filling.fillAfter(0);
    await expect(lab.startPlan(tinyPlan())).rejects.toMatchObject({ code: 'storage/full' });
    expect(lab.getState().runs).toEqual([]);
  });
});
