// Proves that of two tabs over one store only one writes, the other reads and takes over when the first closes, and that a discarded tab resumes.
import { afterEach, describe, expect, it } from 'vitest';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import type { Ownership } from '../../../../src/lab/state/labStore.ts';
import { memory, type Store } from '../../../../src/storage/store.ts';
import { droppedCorpus, droppedModel } from '../../../fixtures/drops.ts';
import { beginLab, closeLabs, held, notices, openLab, settled, status, view } from '../../../fixtures/labBench.ts';
import { planFile } from '../../../fixtures/records.ts';
import { sharedOwnership } from '../../../fixtures/sharedOwnership.ts';

afterEach(closeLabs);

/** Calls that change nothing and do not need the device. */
const looking = [
  ...['getState', 'subscribe', 'open', 'refresh', 'readCorpus', 'lookUpModel', 'estimateMemory', 'cancelJob'],
  ...[
    'previewPlan',
    'estimatePlan',
    'predictPlan',
    'analyse',
    'stopTagging',
    'exportTagger',
    'exportCorpus',
    'exportResult',
    'exportPlan',
  ],
  // Have methods, which are called below.
  'reviews',
  'dictionaries',
  // Installs something only once the tab owns the lab.
  ...['removableItems', 'dismissNotice', 'wantBuiltIns', 'wantShippedTagger'],
];

/** A store that reports the keys written and removed. */
function watched(store: Store): { readonly store: Store; readonly changes: string[] } {
  const changes: string[] = [];
  return {
    changes,
    store: {
      ...store,
      write(key, bytes) {
        changes.push(key);
        return store.write(key, bytes);
      },
      remove(keys) {
        changes.push(...keys);
        return store.remove(keys);
      },
    },
  };
}

async function shown(lab: Lab): Promise<void> {
  await expect.poll(() => lab.getState().opened).toBe(true);
}

/** Two runs, the first on the device, in the tab that owns the lab; and a second, read-only tab. */
async function twoTabs() {
  const store = memory();
  const tabs = sharedOwnership();
  const first = tabs.tab();
  const training = held(3);
  const owner = await openLab({ store, training, ownership: first.ownership });
  await owner.lab.importFiles([...droppedCorpus('moss'), ...droppedModel('tiny')]);
  const runIds = await owner.lab.startPlan(planFile({ seeds: [1, 2] }));
  await training.reached;
  const second = tabs.tab();
  const { store: seen, changes } = watched(store);
  const looker = beginLab({ store: seen, ownership: second.ownership });
  await shown(looker.lab);
  return { owner, looker, runIds, changes, closeFirst: first.close, closeSecond: second.close };
}

describe('the second tab', () => {
  it('shows everything stored, without runs on the device or a backend', async () => {
    const { owner, looker, runIds } = await twoTabs();
    const { lab } = looker;
    expect(owner.lab.getState().owner).toBe('here');
    expect(lab.getState()).toMatchObject({ owner: 'elsewhere', activeRunId: null, queue: [] });
    expect(lab.getState().backend).toEqual({ status: 'starting' });
    expect(lab.getState().corpora).toEqual(owner.lab.getState().corpora);
    expect(lab.getState().models).toEqual(owner.lab.getState().models);
    expect(
      lab
        .getState()
        .runs.map(({ record }) => record.spec.id)
        .sort(),
    ).toEqual([...runIds].sort());
    expect(view(lab, runIds[0])).toMatchObject({ live: null, record: { epochs: [{ epoch: 1 }] } });
    const [{ id = '' } = {}] = lab.getState().corpora;
    expect((await lab.readCorpus(id)).train.length).toBeGreaterThan(0);
    expect(lab.exportResult(runIds).runs).toHaveLength(2);
  });

  it('rejects every call that changes something or needs the device, and writes nothing', async () => {
    const { looker, runIds, changes } = await twoTabs();
    const { lab, server } = looker;
    const [runId = ''] = runIds;
    lab.wantBuiltIns();
    const refused = Object.entries(lab).filter(([name]) => !looking.includes(name));
    expect(refused.length).toBeGreaterThan(20);
    for (const [name, call] of refused) {
      const answer = (async () => (call as (...values: unknown[]) => unknown)(runId, planFile({}), 'x'))();
      await expect(answer, name).rejects.toMatchObject({ code: 'lab/elsewhere' });
    }
    const { remove, saveCorpus, step } = lab.reviews;
    const { add, markTerms, ...dictionaries } = lab.dictionaries;
    await expect(add([])).rejects.toMatchObject({ code: 'lab/elsewhere' });
    await expect(dictionaries.remove('x')).rejects.toMatchObject({ code: 'lab/elsewhere' });
    await expect(dictionaries.describe('x', { name: 'y' })).rejects.toMatchObject({ code: 'lab/elsewhere' });
    const terms = { dictionaryId: 'x' } as unknown as Parameters<typeof markTerms>[0];
    await expect(markTerms(terms)).rejects.toMatchObject({ code: 'lab/elsewhere' });
    const selection = { onlyReviewed: true, threshold: 0, division: { kind: 'train' } } as const;
    await expect(remove('x')).rejects.toMatchObject({ code: 'lab/elsewhere' });
    await expect(saveCorpus('x', selection)).rejects.toMatchObject({ code: 'lab/elsewhere' });
    expect(() => step({ kind: 'undo' })).toThrow(expect.objectContaining({ code: 'lab/elsewhere' }));
    expect(changes).toEqual([]);
    expect(server.begun).toEqual([]);
    expect(notices(lab)).toEqual([]);
  });

  it('sees on refresh what the first has stored and removed since', async () => {
    const { owner, looker, runIds } = await twoTabs();
    await owner.lab.importFiles(droppedCorpus('fern', 'fern'));
    await owner.lab.stopRun(runIds[1] ?? '');
    await owner.lab.removeRun(runIds[1] ?? '');
    expect(looker.lab.getState().corpora).toHaveLength(1);
    await looker.lab.refresh();
    expect(looker.lab.getState().corpora).toHaveLength(2);
    expect(looker.lab.getState().runs.map(({ record }) => record.spec.id)).toEqual([runIds[0]]);
    const before = owner.lab.getState();
    await owner.lab.refresh();
    expect(owner.lab.getState()).toBe(before);
  });

  it('takes over when the first closes, with its runs paused, and trains them', async () => {
    const { looker, runIds, closeFirst } = await twoTabs();
    const { lab, server, opening } = looker;
    closeFirst();
    await opening;
    expect(lab.getState().owner).toBe('here');
    expect(lab.getState().backend.status).toBe('ready');
    expect(runIds.map((runId) => status(lab, runId))).toEqual(['paused', 'paused']);
    expect(server.begun).toEqual([]);
    await lab.resumeAll(runIds);
    await settled(lab);
    expect(server.begun).toEqual(runIds);
    expect(runIds.map((runId) => status(lab, runId))).toEqual(['finished', 'finished']);
  });

  it('never owns the lab when it closes before the first, so that the third takes over', async () => {
    const store = memory();
    const tabs = sharedOwnership();
    const [first, second, third] = [tabs.tab(), tabs.tab(), tabs.tab()];
    await openLab({ store, ownership: first.ownership });
    const gone = beginLab({ store, ownership: second.ownership });
    const next = beginLab({ store, ownership: third.ownership });
    await Promise.all([shown(gone.lab), shown(next.lab)]);
    second.close();
    first.close();
    await next.opening;
    expect([gone.lab.getState().owner, next.lab.getState().owner]).toEqual(['elsewhere', 'here']);
  });

  it('accepts no calls before it is known whether it is the second', async () => {
    let answer = (_isOurs: boolean): void => undefined;
    const claimed = new Promise<boolean>((resolve) => (answer = resolve));
    const slow: Ownership = {
      claim: async () => ({ isOurs: await claimed, whenOurs: Promise.resolve() }),
    };
    const { lab, opening } = beginLab({ ownership: slow });
    const importing = lab.importFiles(droppedCorpus('moss'));
    answer(true);
    expect((await importing).corpusIds).toHaveLength(1);
    await opening;
  });
});

describe('a discarded tab', () => {
  /** A lab with a run on the device, two reordered runs waiting and one paused, whose page is then gone for good. */
  async function abandoned(): Promise<{
    readonly store: Store;
    readonly under: readonly string[];
    readonly paused: string;
  }> {
    const training = held(3);
    const { lab, store } = await openLab({ training });
    await lab.importFiles([...droppedCorpus('moss'), ...droppedModel('tiny')]);
    const [a = '', b = '', c = '', d = ''] = await lab.startPlan(planFile({ seeds: [1, 2, 3, 4] }));
    await training.reached;
    await lab.pauseRun(b);
    lab.moveRun(d, 'up');
    expect(lab.getState().queue).toEqual([d, c]);
    return { store, under: [a, d, c], paused: b };
  }

  it('resumes the runs in progress, in their order, from the last resume point, and says so', async () => {
    const { store, under, paused } = await abandoned();
    const { lab, server } = await openLab({ store, goOn: true });
    expect(notices(lab)).toEqual([expect.stringContaining('the 3 runs that were under way go on')]);
    await settled(lab);
    expect(server.begun).toEqual(under);
    expect(under.map((runId) => status(lab, runId))).toEqual(['finished', 'finished', 'finished']);
    expect(status(lab, paused)).toBe('paused');
  });

  it('has its runs paused when the user closed it', async () => {
    const { store, under, paused } = await abandoned();
    const { lab, server } = await openLab({ store });
    expect([...under, paused].map((runId) => status(lab, runId))).toEqual(Array(4).fill('paused'));
    expect(notices(lab)).toEqual([]);
    expect(server.begun).toEqual([]);
    // Runs of a tab that the user closed are not resumed later either.
    const { server: later } = await openLab({ store, goOn: true });
    expect(later.begun).toEqual([]);
  });

  it('does not resume what another tab has ended meanwhile', async () => {
    const { store } = await abandoned();
    const tabs = sharedOwnership();
    const [beside, back] = [tabs.tab(), tabs.tab()];
    await openLab({ store, ownership: beside.ownership });
    const { lab, server, opening } = beginLab({ store, ownership: back.ownership, goOn: true });
    await shown(lab);
    beside.close();
    await opening;
    expect(server.begun).toEqual([]);
    expect(lab.getState().queue).toEqual([]);
  });
});
