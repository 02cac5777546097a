// Proves that nothing stored keeps the lab from opening: what cannot be read is listed with its reason and removed, or mended by a drop.
import { afterEach, describe, expect, it } from 'vitest';
import { exportResult } from '../../../../src/lab/plans/exportResult.ts';
import { sealResultFile } from '../../../../src/schema/resultFile.ts';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import { queuedRun } from '../../../../src/schema/runRecord.ts';
import { readCorpusSentences } from '../../../../src/storage/corpusRecords.ts';
import { writeRunRecord } from '../../../../src/storage/runRecords.ts';
import type { Store } from '../../../../src/storage/store.ts';
import { checksum } from '../../../../src/util/digest.ts';
import { droppedCorpus, droppedModel } from '../../../fixtures/drops.ts';
import { categoryLab, closeLabs, notices, openLab, settled, stockedLab } from '../../../fixtures/labBench.ts';
import { categoryPlan, planFile, spec } from '../../../fixtures/records.ts';

afterEach(closeLabs);

/** Writes a record as versions before this one did: its checksum line has no key. */
async function writeOld(store: Store, key: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value);
  await store.write(key, new TextEncoder().encode(`${text}\n${checksum(new TextEncoder().encode(text))}`));
}

/** The result file of a plan whose MTL-LS runs start from themselves, well sealed. */
async function cyclicResult(lab: Lab): Promise<object> {
  const ids = await lab.startPlan(categoryPlan({ methods: ['MTL-LS'], slicingRates: [0.5] }));
  await settled(lab);
  const stamp = { software: 'test 1', exportedAt: '2024-01-01T00:00:00.000Z' };
  const { checksum: _seal, ...members } = exportResult(lab.getState(), ids, stamp);
  const runs = members.runs.map((run) => {
    return run.spec.method === 'MTL-LS' ? { ...run, spec: { ...run.spec, parent: run.spec.id } } : run;
  });
  return sealResultFile({ ...members, runs });
}

describe('a result file whose run starts from itself', () => {
  it('is refused when dropped, and listed with a way out where it is already stored', async () => {
    const { lab, store } = await categoryLab();
    const file = await cyclicResult(lab);
    const text = new TextEncoder().encode(JSON.stringify(file));
    const drop = { path: 'own.result.json', sizeBytes: text.length, bytes: () => Promise.resolve(text) };
    expect((await lab.importFiles([drop])).resultIds).toEqual([]);
    expect(notices(lab).at(-1)).toMatch(/own\.result\.json was refused: .*starts from itself/);

    await writeOld(store, 'result/f00d/record', { id: 'f00d', fileName: 'own.result.json', file });
    const { lab: reopened } = await openLab({ store });
    expect(reopened.getState()).toMatchObject({ opened: true, results: [] });
    expect(reopened.getState().unreadable).toMatchObject([
      { kind: 'result', id: 'f00d', reason: { code: 'storage/corrupt', got: expect.stringContaining('starts from itself') } }, // prettier-ignore
    ]);
    await expect(reopened.removeUnreadable('result', 'other')).rejects.toMatchObject({ code: 'storage/unknown' });
    await reopened.removeUnreadable('result', 'f00d');
    expect(reopened.getState().unreadable).toEqual([]);
    expect(await store.keys('result/')).toEqual([]);
  });
});

describe('stored runs that start from each other', () => {
  it('are listed as unreadable, and their neighbours are shown', async () => {
    const { lab, store } = await stockedLab();
    await lab.startPlan(planFile());
    await settled(lab);
    const cyclic = [
      { ...spec(), id: 'aaaa', parent: 'bbbb', round: 1 },
      { ...spec(), id: 'bbbb', parent: 'aaaa', round: 1 },
    ];
    for (const one of cyclic) await writeRunRecord(store, queuedRun(one, '2024-01-01T00:00:00.000Z'));
    const { lab: reopened } = await openLab({ store });
    expect(reopened.getState().runs).toHaveLength(1);
    expect(reopened.getState().unreadable.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['run aaaa', 'run bbbb']);
    for (const { id } of cyclic) await reopened.removeUnreadable('run', id);
    expect((await store.keys('run/')).filter((key) => /aaaa|bbbb/.test(key))).toEqual([]);
  });
});

describe('a damaged record', () => {
  it.each(['corpus', 'model', 'run'] as const)(
    'of a %s is listed, and written again from the same input',
    async (kind) => {
      const { lab, store } = await stockedLab();
      await lab.startPlan(planFile());
      await settled(lab);
      const keys = (await store.keys(`${kind}/`)).filter((key) => /\/record(-before)?$/.test(key));
      for (const key of keys) await store.write(key, new Uint8Array(3));
      const { lab: reopened, server } = await openLab({ store });
      expect(reopened.getState().unreadable.map((item) => item.kind)).toEqual([kind]);
      await reopened.importFiles([...droppedCorpus('moss'), ...droppedModel('tiny')]);
      await reopened.startPlan(planFile());
      await settled(reopened);
      expect(reopened.getState().unreadable).toEqual([]);
      expect(server.begun).toHaveLength(kind === 'run' ? 1 : 0);
      expect(reopened.getState().runs.map(({ record }) => record.status)).toEqual(['finished']);
    },
  );

  it('of a run is replaced by the one before, also when it is gone', async () => {
    const { lab, store } = await stockedLab();
    const [runId = ''] = await lab.startPlan(planFile());
    await settled(lab);
    await store.remove([`run/${runId}/record`]);
    const { lab: reopened } = await openLab({ store });
    expect(reopened.getState().runs).toHaveLength(1);
    expect(notices(reopened).join()).toContain('the one before is used');
  });

  it('that is the one of another item is not taken for its own', async () => {
    const { lab, store } = await stockedLab();
    await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    const [one = '', other = ''] = (await store.keys('run/')).filter((key) => key.endsWith('/record'));
    const [left, right] = [await store.read(one), await store.read(other)];
    await store.write(one, right as Uint8Array);
    await store.write(other, left as Uint8Array);
    const { lab: reopened } = await openLab({ store });
    expect(new Set(reopened.getState().runs.map(({ record }) => record.spec.seed))).toEqual(new Set([1, 2]));
    expect(notices(reopened).filter((text) => text.includes('the one before is used'))).toHaveLength(2);
  });
});

describe('a corpus with damaged sentences', () => {
  it.each(['damaged', 'gone', 'of another split'])(
    '%s is written again when its files are dropped again',
    async (how) => {
      const { lab, store } = await stockedLab();
      const id = lab.getState().corpora[0]?.id ?? '';
      const whole = await readCorpusSentences(store, id);
      if (how === 'damaged') await store.write(`corpus/${id}/train`, new Uint8Array(5));
      else if (how === 'gone') await store.remove([`corpus/${id}/test`]);
      else await store.write(`corpus/${id}/devel`, (await store.read(`corpus/${id}/test`)) as Uint8Array);
      await expect(readCorpusSentences(store, id)).rejects.toThrow();
      await lab.importFiles(droppedCorpus('moss'));
      expect(notices(lab).at(-1)).toBe('What was stored of the corpus moss was damaged: it was written again.');
      expect(await readCorpusSentences(store, id)).toEqual(whole);
      await lab.importFiles(droppedCorpus('moss'));
      expect(notices(lab).at(-1)).toBe('The corpus moss is already here and was not imported again.');
    },
  );
});
