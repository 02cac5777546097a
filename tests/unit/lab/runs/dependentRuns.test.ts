// Proves that a whole plan is trained parents first and each run once, whatever fails, is stopped, moved or closed meanwhile.
import { afterEach, describe, expect, it } from 'vitest';
import { isQueueStuck, waitsFor } from '../../../../src/lab/runs/scheduler.ts';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { categoryLab, closeLabs, held, notices, openLab, settled, status } from '../../../fixtures/labBench.ts';
import { categoryPlan } from '../../../fixtures/records.ts';

afterEach(closeLabs);

const plan = categoryPlan({ methods: ['MTL-LS'], slicingRates: [0.5], rounds: { count: 1, epochs: 1 } });

/** Ids of MTL-XC and, for each task, of MTL-LS and its round. */
async function start(lab: Lab): Promise<readonly [string, string, string, string, string]> {
  const [shared = '', first = '', firstRound = '', second = '', secondRound = ''] = await lab.startPlan(plan);
  return [shared, first, firstRound, second, secondRound];
}

describe('a plan of dependent runs', () => {
  it('previews what it will do, and afterwards that nothing is left', async () => {
    const { lab } = await categoryLab();
    const before = lab.previewPlan(plan);
    // Two sentences per corpus in batches of two: MTL-XC has 2 steps per epoch, MTL-LS one; the model has 100 parameters.
    expect(before.nodes.map(({ cost, ancestors }) => [cost.steps, ancestors.length])).toEqual([
      ...[[4, 0]],
      ...[[2, 1], [1, 2], [2, 1], [1, 2]], // prettier-ignore
    ]);
    expect(before).toMatchObject({ runsLeft: 5, stepsLeft: 10, isUpperBound: false });
    expect(before.storageBytes).toBe((2 + 2 + 1 + 2 + 1) * 400 + 2 * 3 * 400);
    await lab.startPlan(plan);
    await settled(lab);
    const after = lab.previewPlan(plan);
    expect(after).toMatchObject({ runsLeft: 0, stepsLeft: 0, storageBytes: 0 });
    expect(after.nodes.every(({ isReused, status: current }) => isReused && current === 'finished')).toBe(true);
  });

  it('estimates the time of a plan from one measured update and the sequences to score', async () => {
    const { lab } = await categoryLab();
    // One devel and one test sentence per corpus. MTL-XC scores devel and test after 2 epochs on 2 tasks, MTL-LS on one, its round once each.
    expect(lab.previewPlan(plan).scoredLeft).toBe(8 + 2 * (4 + 2));
    // The fake server takes 20 ms for an update of 2 sequences; scoring a sequence a third of training on it.
    const measured = await lab.measurePlan(plan);
    expect(measured.remainingMs).toBeCloseTo(10 * 20 + (20 / 3) * 10, 6);
    expect(measured.peakBytes).toBe(2000);
    await lab.startPlan(plan);
    await settled(lab);
    expect((await lab.measurePlan(plan)).remainingMs).toBe(0);
  });

  it('trains MTL-XC once for plans that share it, and exports runs with what they start from', async () => {
    const { lab, server } = await categoryLab();
    const ids = await start(lab);
    await settled(lab);
    expect(server.begun).toEqual(ids);
    const more = await lab.startPlan(categoryPlan({ methods: ['MTL-LS'], slicingRates: [1] }));
    await settled(lab);
    expect(more[0]).toBe(ids[0]);
    expect(server.begun).toEqual([...ids, ...more.slice(1)]);
    const result = lab.exportResult([ids[2]]);
    expect(result.runs.map(({ spec }) => spec.id)).toEqual(ids.slice(0, 3));
    expect(result.plan).toMatchObject({ methods: ['MTL-LS'], slicingRates: [0.5], rounds: { count: 1, epochs: 1 } });
    expect(lab.previewPlan(lab.exportPlan(ids)).nodes.map(({ spec }) => spec.id)).toEqual(ids);
  });

  it('leaves runs waiting when their parent failed, and continues when it is retried', async () => {
    let isBroken = true;
    const { lab, server } = await categoryLab({
      beforeStep(_runId, step) {
        if (isBroken && step === 3) throw new Error('loss is not finite');
      },
    });
    const [shared, ...others] = await start(lab);
    await settled(lab);
    expect(server.begun).toEqual([shared]);
    expect(others.map((runId) => status(lab, runId))).toEqual(Array(4).fill('queued'));
    expect(isQueueStuck(lab.getState())).toBe(true);
    expect(waitsFor(lab.getState(), others[0])).toMatchObject({
      parentId: shared,
      isStuck: true,
      reason: 'Waits for MTL-XC of plant, which failed: try it again.',
    });
    expect(waitsFor(lab.getState(), others[1])).toMatchObject({ parentId: others[0], isStuck: true });
    isBroken = false;
    await lab.resumeRun(shared);
    await settled(lab);
    expect(server.begun).toEqual([shared, shared, ...others]);
    expect(lab.getState().queue).toEqual([]);
  });

  it('skips a stopped run and those that wait for it, and trains them when one of those is resumed', async () => {
    const hold = held(1);
    const { lab, server } = await categoryLab(hold);
    const [shared, first, firstRound, second, secondRound] = await start(lab);
    await hold.reached;
    await lab.stopRun(first);
    expect(waitsFor(lab.getState(), second)).toMatchObject({ isStuck: false });
    hold.release();
    await settled(lab);
    expect(server.begun).toEqual([shared, second, secondRound]);
    expect([status(lab, first), status(lab, firstRound)]).toEqual(['stopped', 'queued']);
    await lab.resumeRun(firstRound);
    await settled(lab);
    expect(server.begun.slice(3)).toEqual([first, firstRound]);
  });

  it('moves runs in the queue, but none before its parent', async () => {
    const hold = held(1);
    const { lab, server } = await categoryLab(hold);
    const [shared, first, firstRound, second, secondRound] = await start(lab);
    await hold.reached;
    lab.moveRun(second, 'up');
    lab.moveRun(second, 'up');
    lab.moveRun(secondRound, 'up');
    lab.moveRun(firstRound, 'up');
    expect(lab.getState().queue).toEqual([second, first, firstRound, secondRound]);
    hold.release();
    await settled(lab);
    expect(server.begun).toEqual([shared, second, first, firstRound, secondRound]);
  });

  it('queues what a run waits for when it is resumed after closing', async () => {
    const hold = held(2);
    const { lab, store } = await categoryLab(hold);
    const [shared, first, firstRound, second] = await start(lab);
    await hold.reached;
    const { lab: reopened, server } = await openLab({ store });
    await reopened.resumeAll([firstRound, first]);
    await settled(reopened);
    expect(server.begun).toEqual([shared, first, firstRound]);
    expect(status(reopened, second)).toBe('paused');
  });

  it('removes no run that others start from', async () => {
    const { lab } = await categoryLab();
    const [shared, first, firstRound] = await start(lab);
    await settled(lab);
    await expect(lab.removeRun(shared)).rejects.toMatchObject({ code: 'run/needed', got: '2' });
    await expect(lab.removeRun(first)).rejects.toMatchObject({ code: 'run/needed', got: '1' });
    await lab.removeRun(firstRound);
    await lab.removeRun(first);
    expect(lab.getState().runs).toHaveLength(3);
  });

  it('refuses to resume when a corpus of MTL-XC is missing, and queues nothing', async () => {
    const { lab } = await categoryLab({
      beforeStep() {
        throw new Error('stopped by the test');
      },
    });
    const [shared, first] = await start(lab);
    await settled(lab);
    for (const { record } of lab.getState().runs) if (record.spec.id !== shared) await lab.stopRun(record.spec.id);
    await lab.removeCorpus(lab.getState().corpora.find(({ name }) => name === 'fern')?.id ?? '');
    await expect(lab.resumeRun(first)).rejects.toMatchObject({
      code: 'run/input-missing',
      message: expect.stringContaining('fern'),
    });
    expect(lab.getState().queue).toEqual([]);
  });
});

describe('a run whose parent lost its snapshot', () => {
  it('fails, and one call trains the parent again and resumes it', async () => {
    const lost = new Set<string>();
    const { lab, server } = await categoryLab({
      beforeStep(runId) {
        const { spec } = lab.getState().runs.find(({ record }) => record.spec.id === runId)?.record ?? {};
        if (spec?.parent === null || spec === undefined || !lost.has(spec.parent ?? '')) return;
        throw new LabError('run/parent-damaged', 'The last snapshot of the run that this one starts from is damaged.');
      },
      lostSnapshots: (runId) => (lost.delete(runId) ? [2] : []),
    });
    const [shared = ''] = await lab.startPlan(categoryPlan({ methods: ['MTL-XC'] }));
    await settled(lab);
    lost.add(shared);
    const [, first = ''] = await lab.startPlan(categoryPlan({ methods: ['MTL-LS'], slicingRates: [0.5] }));
    await settled(lab);
    expect(status(lab, first)).toBe('failed');
    expect(await lab.mendRun(first)).toBe(true);
    await settled(lab);
    expect(server.begun.slice(-2)).toEqual([shared, first]);
    expect([status(lab, shared), status(lab, first)]).toEqual(['finished', 'finished']);
    expect(notices(lab).join()).toContain('is trained again, because its snapshots of epoch 2 are lost.');
  });

  it('is trained no more when every snapshot is whole', async () => {
    const { lab, server } = await categoryLab();
    const [shared = ''] = await lab.startPlan(categoryPlan({ methods: ['MTL-XC'] }));
    await settled(lab);
    expect(await lab.mendRun(shared)).toBe(false);
    expect(notices(lab).at(-1)).toBe('Every snapshot of this run is whole.');
    expect(server.begun).toEqual([shared]);
    await expect(lab.mendRun('f00d')).rejects.toMatchObject({ code: 'run/unknown' });
  });
});
