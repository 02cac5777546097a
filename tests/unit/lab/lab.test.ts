// Proves what a user can do with runs, from plan to result file, over a real channel to a fake server.
import { afterEach, describe, expect, it } from 'vitest';
import { resultFileSchema } from '../../../src/schema/resultFile.ts';
import type { PredictionRequest } from '../../../src/schema/storedPredictions.ts';
import { readPredictions } from '../../../src/storage/predictionRecords.ts';
import { droppedCorpus, droppedText } from '../../fixtures/drops.ts';
import { closeLabs, held, notices, openLab, settled, status, stockedLab, view } from '../../fixtures/labBench.ts';
import { planFile, planOfTasks } from '../../fixtures/records.ts';

afterEach(closeLabs);

describe('training', () => {
  it('trains the runs of a plan one after the other, and another lab imports their result', async () => {
    const { lab, server } = await stockedLab();
    const runIds = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect(server.begun).toEqual(runIds);
    expect(runIds.map((runId) => status(lab, runId))).toEqual(['finished', 'finished']);
    expect(view(lab, runIds[0])).toMatchObject({
      live: null,
      record: { step: 4, epochs: [{ epoch: 1 }, { epoch: 2 }] },
    });

    const result = lab.exportResult(runIds);
    expect(resultFileSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
    const { lab: other } = await openLab();
    const text = JSON.stringify(result, null, 2);
    const { resultIds } = await other.importFiles([droppedText('shared.json', text)]);
    expect(other.getState().results.map(({ id }) => id)).toEqual(resultIds);
    expect(other.getState().results[0]?.file.runs).toEqual(runIds.map((runId) => view(lab, runId).record));
    expect(other.exportResult(runIds).runs).toEqual(result.runs);
    expect(other.exportPlan(runIds)).toEqual(result.plan);
  });

  it('predicts with a saved snapshot as a job, and rejects an unknown run', async () => {
    const { lab } = await stockedLab();
    const [runId = ''] = await lab.startPlan(planFile({ seeds: [1] }));
    await settled(lab);
    const jobs: string[] = [];
    lab.subscribe(() => jobs.push(...lab.getState().jobs.map(({ label }) => label)));
    const rows = await lab.predictions({ runId, epoch: 2, split: 'test', task: 0 }, 'rows');
    expect(rows?.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])).toEqual([
      ['moss-test.conll', 'moss\tO\tO\n\nepoch\tO\ttest2\n\n'],
    ]);
    const brat = await lab.predictions({ runId, epoch: 2, split: 'test', task: 0 }, 'BRAT');
    expect(brat?.map(({ path }) => path)).toEqual(['moss-test.txt', 'moss-test.ann']);
    expect(jobs).toContain('Predicting the test split with the snapshot of epoch 2');
    expect(lab.getState().jobs).toEqual([]);
    const unknown = lab.predictions({ runId: 'none', epoch: 2, split: 'test', task: 0 }, 'rows');
    await expect(unknown).rejects.toMatchObject({ code: 'run/unknown' });
  });

  it('stores predictions of snapshots one after the other as a job, until cancelled', async () => {
    let cancelAt = Infinity;
    const { lab, store } = await stockedLab({
      async beforeKeeping({ epoch }, interrupted) {
        if (epoch !== cancelAt) return;
        lab.cancelJob(lab.getState().jobs[0]?.id ?? 0);
        await interrupted;
      },
    });
    const [runId = ''] = await lab.startPlan(planFile({ seeds: [1] }));
    await settled(lab);
    const request = (epoch: number): PredictionRequest => ({ runId, epoch, split: 'test', task: 0 });
    const jobs = new Set<string>();
    lab.subscribe(() => lab.getState().jobs.forEach(({ label, done, of }) => jobs.add(`${label}: ${done}/${of}`)));
    expect(await lab.keepPredictions([request(1), request(2)])).toBe(true);
    expect(await readPredictions(store, request(2))).toMatchObject({ sentences: 2 });
    expect([...jobs]).toContain('Predicting with 2 snapshots: 1/2');

    cancelAt = 4;
    expect(await lab.keepPredictions([3, 4, 5].map(request))).toBe(false);
    expect(await readPredictions(store, request(3))).toBeDefined();
    expect(await readPredictions(store, request(4))).toBeUndefined();
    expect(await readPredictions(store, request(5))).toBeUndefined();
    expect(lab.getState().jobs).toEqual([]);
    await expect(lab.keepPredictions([{ ...request(1), runId: 'none' }])).rejects.toMatchObject({
      code: 'run/unknown',
    });
  });

  it('shows live steps while a run is on the device', async () => {
    const hold = held(2);
    const { lab } = await stockedLab(hold);
    const [runId] = await lab.startPlan(planFile());
    await hold.reached;
    await expect.poll(() => view(lab, runId).record.step).toBe(1);
    expect(view(lab, runId)).toMatchObject({
      live: { phase: 'training', done: 1, of: 4 },
      record: { status: 'running' },
    });
    expect(lab.getState().activeRunId).toBe(runId);
    await expect(lab.removeCorpus(lab.getState().corpora[0]?.id ?? '')).rejects.toMatchObject({
      code: 'corpus/in-use',
    });
    hold.release();
    await settled(lab);
  });

  it('pauses the active run, starts the next one, and resumes where it stopped', async () => {
    const hold = held(3);
    const { lab, server } = await stockedLab(hold);
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await hold.reached;
    const paused = lab.pauseRun(first ?? '');
    await expect.poll(() => server.interrupted).toEqual([first]);
    hold.release();
    await paused;
    expect(status(lab, first)).toBe('paused');
    await settled(lab);
    expect(status(lab, second)).toBe('finished');
    await lab.resumeRun(first ?? '');
    await settled(lab);
    expect(status(lab, first)).toBe('finished');
    expect(server.begun).toEqual([first, second, first]);
    expect(view(lab, first).record.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  it('stops and removes runs, waiting or active', async () => {
    const hold = held(1);
    const { lab, server, store } = await stockedLab(hold);
    const [first = '', second = '', third = ''] = await lab.startPlan(planFile({ seeds: [1, 2, 3] }));
    await hold.reached;
    await lab.stopRun(second);
    await lab.removeRun(third);
    const removed = lab.removeRun(first);
    await expect.poll(() => server.interrupted).toEqual([first]);
    hold.release();
    await removed;
    await settled(lab);
    expect(lab.getState().runs.map(({ record }) => [record.spec.id, record.status])).toEqual([[second, 'stopped']]);
    expect(await store.keys('run/')).toEqual([`run/${second}/record`, `run/${second}/record-before`]);
  });

  it('does not train a finished run again, and continues with the others of its plan', async () => {
    const { lab, server } = await stockedLab();
    const [first] = await lab.startPlan(planFile());
    await settled(lab);
    const [again, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect(again).toBe(first);
    expect(server.begun).toEqual([first, second]);
  });

  it('shows a failed run with its reason and continues with the next', async () => {
    const { lab } = await stockedLab({
      beforeStep(_runId, step) {
        if (step === 2) throw new Error('loss is not finite');
      },
    });
    const runIds = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect(runIds.map((runId) => view(lab, runId).record.failure?.message)).toEqual([
      'loss is not finite',
      'loss is not finite',
    ]);
    expect(notices(lab)).toContainEqual(expect.stringContaining('loss is not finite'));
  });

  it('shows the interrupted runs of a closed lab as paused, starts none, and resumes on request', async () => {
    const hold = held(3);
    const { lab, store } = await stockedLab(hold);
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await hold.reached;

    const { lab: reopened, server: next } = await openLab({ store });
    expect([status(reopened, first), status(reopened, second)]).toEqual(['paused', 'paused']);
    expect(next.begun).toEqual([]);
    await reopened.resumeRun(first ?? '');
    await settled(reopened);
    expect(next.begun).toEqual([first]);
    expect(view(reopened, first).record.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(status(reopened, second)).toBe('paused');
  });
});

it('saves the GPU settings for the next visit', async () => {
  const { lab, store } = await openLab();
  const machine = { ...lab.getState().machine, activations: 'recomputed', gpuBytes: 2 ** 34 } as const;
  await lab.setMachine(machine);
  expect(lab.getState().machine).toEqual(machine);
  expect((await openLab({ store })).lab.getState().machine).toEqual(machine);
});

describe('refusing', () => {
  it('refuses a plan whose corpus is missing and queues nothing', async () => {
    const { lab } = await stockedLab();
    const plan = planOfTasks([
      { corpus: { name: 'moss' }, type: null },
      { corpus: { name: 'fern' }, type: null },
    ]);
    await expect(lab.startPlan(plan)).rejects.toMatchObject({
      code: 'plan/corpus-missing',
      expected: 'fern',
      got: 'moss',
    });
    expect(lab.getState().runs).toEqual([]);
  });

  it('refuses to resume a run without its corpus', async () => {
    const { lab } = await stockedLab({
      beforeStep() {
        throw new Error('stopped by the test');
      },
    });
    const [runId = ''] = await lab.startPlan(planFile());
    await settled(lab);
    await lab.removeCorpus(lab.getState().corpora[0]?.id ?? '');
    await expect(lab.resumeRun(runId)).rejects.toMatchObject({ code: 'run/input-missing' });
    await lab.importFiles(droppedCorpus('moss again'));
    await expect(lab.resumeRun(runId)).resolves.toBeUndefined();
    await settled(lab);
  });

  it('rejects tampered, newer and foreign result files with the reason', async () => {
    const { lab } = await stockedLab();
    const runIds = await lab.startPlan(planFile());
    await settled(lab);
    const result = lab.exportResult(runIds);
    const better = JSON.stringify(result).replace('"f1":75', '"f1":99');
    const { resultIds } = await lab.importFiles([
      droppedText('better.json', better),
      droppedText('later.json', JSON.stringify({ ...result, version: 3 })),
      droppedText('cut.json', JSON.stringify(result).slice(0, -20)),
    ]);
    expect(resultIds).toEqual([]);
    expect(lab.getState().results).toEqual([]);
    expect(notices(lab)).toEqual([
      expect.stringMatching(/^Imported moss/),
      'Imported the model tiny.',
      expect.stringMatching(/better\.json was refused: .*changed after it was written.*checksum/),
      expect.stringMatching(/later\.json was refused: .*later version.*version 3/),
      expect.stringMatching(/cut\.json was refused: .*not JSON/),
    ]);
  });

  it('imports a result that is dropped twice once', async () => {
    const { lab } = await stockedLab();
    const runIds = await lab.startPlan(planFile());
    await settled(lab);
    const drop = droppedText('mine.json', JSON.stringify(lab.exportResult(runIds)));
    const first = await lab.importFiles([drop]);
    expect((await lab.importFiles([drop])).resultIds).toEqual(first.resultIds);
    expect(lab.getState().results).toHaveLength(1);
    await lab.removeResult(first.resultIds[0] ?? '');
    expect(lab.getState().results).toEqual([]);
  });
});
