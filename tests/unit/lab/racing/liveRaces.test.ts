// Proves that a plan with a search holds its runs at rungs, drops rates for a stated reason, reads test for the chosen rate alone, and decides the same after interruptions.
import { afterEach, describe, expect, it } from 'vitest';
import { expandPlan } from '../../../../src/lab/plans/expandPlan.ts';
import { parseResultFile } from '../../../../src/lab/plans/resultFiles.ts';
import { isQueueStuck, waitsFor } from '../../../../src/lab/runs/scheduler.ts';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import { droppedText } from '../../../../src/metrics/racing/raceWords.ts';
import { packCounts } from '../../../../src/metrics/scores/packedCounts.ts';
import { spanScore, totalCounts } from '../../../../src/metrics/scores/spanScore.ts';
import type { RateSearch } from '../../../../src/schema/methods.ts';
import type { PlanFile } from '../../../../src/schema/resultFile.ts';
import type { EpochPoint, RunRecord, RunSpec } from '../../../../src/schema/runRecord.ts';
import { memory, type Store } from '../../../../src/storage/store.ts';
import { Rng } from '../../../../src/util/random.ts';
import { droppedCorpus, droppedModel } from '../../../fixtures/drops.ts';
import type { FakeTraining } from '../../../fixtures/fakeServer.ts';
import { closeLabs, openLab, settled } from '../../../fixtures/labBench.ts';
import { categoryPlan } from '../../../fixtures/records.ts';
import { simulatedGold, simulatedSystem } from '../../metrics/significance/simulatedCounts.ts';

afterEach(closeLabs);

const gold = simulatedGold(200, Rng.seeded(3));
/** By layers shared of two: the first is far worse, the others are about equal. */
const RECALL = [0.2, 0.7, 0.68];

/** Devel scores of a run after an epoch, drawn by its task, rate, seed and epoch. */
function scored(usual: EpochPoint, { tasks, slicing, seed }: RunSpec): EpochPoint {
  if (slicing === null) return usual;
  const name = tasks[0]?.corpus.name ?? '';
  const rng = Rng.seeded(7).fork(name, slicing.layers, seed, usual.epoch);
  const counts = simulatedSystem(gold, rng, (RECALL[slicing.layers] ?? 0) + 0.02 * usual.epoch, 0.1);
  const span = spanScore(totalCounts(counts));
  const entities = { overall: span, perType: { Disease: span } };
  const scores = {
    sentences: gold.length,
    tokens: 1000,
    accuracy: 90,
    lenient: entities,
    strict: entities,
    discarded: 0,
  };
  return { ...usual, devel: [scores], develCounts: [packCounts(counts, name)] };
}

const search: RateSearch = { policy: 'race', rungs: [1, 2], finalists: 2, choose: 'rung' };

function plan(changes: Partial<PlanFile> = {}): PlanFile {
  const usual = categoryPlan({ methods: ['MTL-LS'], slicingRates: [0, 0.5, 1], seeds: [1, 2, 3] });
  return { ...usual, config: { ...usual.config, epochs: 4, snapshots: 1 }, search, ...changes };
}

async function raceLab(training: FakeTraining = {}, store: Store = memory()) {
  const bench = await openLab({ store, training: { epoch: scored, ...training } });
  await bench.lab.importFiles([...droppedCorpus('moss'), ...droppedModel('tiny'), ...droppedCorpus('fern', 'fern')]);
  return bench;
}

function sliced(lab: Lab): readonly RunRecord[] {
  return lab.getState().runs.flatMap(({ record }) => (record.spec.method === 'MTL-LS' ? [record] : []));
}

/** What became of each run: task, layers, seed, epochs trained, status, and why it was dropped. */
function ends(lab: Lab): readonly unknown[] {
  return sliced(lab)
    .map(({ spec, epochs, status, dropped }) => [
      `${spec.tasks[0]?.corpus.name} ${spec.slicing?.layers} ${spec.seed}`,
      epochs.length,
      status,
      dropped,
    ])
    .sort();
}

describe('a plan that races its slicing rates', () => {
  it('drops the bad rate after one epoch, gives the finalists the other seeds, and trains and tests one rate to its end', async () => {
    const { lab, server } = await raceLab();
    await lab.startPlan(plan());
    await settled(lab);
    expect(lab.getState().queue).toEqual([]);
    for (const task of ['moss', 'fern']) {
      const runs = sliced(lab).filter(({ spec }) => spec.tasks[0]?.corpus.name === task);
      const of = (layers: number): readonly RunRecord[] => runs.filter(({ spec }) => spec.slicing?.layers === layers);
      expect(of(0).map(({ epochs, spec }) => (epochs.length > 0 ? [spec.seed, epochs.length] : null)).filter(Boolean)).toEqual([[1, 1]]); // prettier-ignore
      for (const run of of(0)) {
        expect(run).toMatchObject({ status: 'stopped', failure: null, dropped: { epoch: 1 }, snapshots: [] });
        expect(droppedText(run)).toMatch(
          /^dropped at epoch 1: devel F1 \d+\.\d\d below rate (0\.50|1\.00) \(95 % interval /,
        );
      }
      const finished = runs.filter(({ status }) => status === 'finished');
      expect(new Set(finished.map(({ spec }) => spec.slicing?.layers)).size).toBe(1);
      expect(finished.map(({ spec, epochs }) => [spec.seed, epochs.length]).sort()).toEqual([[1, 4], [2, 4], [3, 4]]); // prettier-ignore
      const others = runs.filter(({ spec, status }) => status !== 'finished' && spec.slicing?.layers !== 0);
      expect(others.map(({ spec, epochs }) => [spec.seed, epochs.length]).sort()).toEqual([[1, 2], [2, 2], [3, 2]]); // prettier-ignore
      for (const run of others) {
        expect(run).toMatchObject({ status: 'stopped', dropped: { epoch: 2 }, snapshots: [], selectedEpoch: null });
        expect(droppedText(run)).toContain('was chosen');
      }
    }
    // A run at a rung leaves the device for the next one: no run goes on while another of its race is behind.
    const first = server.begun.filter((id) => sliced(lab).some(({ spec }) => spec.id === id));
    expect(new Set(first.slice(0, 6)).size).toBe(6);
  });

  it('says in the result file how the rate was found, and the file opens', async () => {
    const { lab } = await raceLab();
    const ids = await lab.startPlan(plan());
    await settled(lab);
    const file = parseResultFile(JSON.stringify(lab.exportResult(ids)));
    expect(file.plan.search).toEqual(search);
    const dropped = file.runs.filter((run) => run.dropped !== undefined);
    expect(dropped).toHaveLength(12);
    expect(lab.exportPlan(ids).search).toEqual(search);
    const altered = file.runs.map((run) => ({ ...run, epochs: run.epochs.map((point) => ({ ...point, develCounts: [{ split: 'x', gold: '1', missed: '0', spurious: '0' }] })) })); // prettier-ignore
    expect(() => parseResultFile(JSON.stringify({ ...file, runs: altered }))).toThrow();
  });

  it('ends the same wherever it was paused and taken up by another lab, and drops nothing twice', async () => {
    const straight = await raceLab();
    await straight.lab.startPlan(plan());
    await settled(straight.lab);
    const wanted = ends(straight.lab);
    for (const pausedAt of [3, 7, 14, 20, 27, 40]) {
      const store = memory();
      let steps = 0;
      let first: Lab | null = null;
      const beforeStep = (): void => {
        if (++steps === pausedAt) void first?.pauseAll();
      };
      const interrupted = await raceLab({ beforeStep }, store);
      first = interrupted.lab;
      await first.startPlan(plan());
      await settled(first);
      expect(first.getState().queue, `paused at step ${pausedAt}`).toEqual([]);
      const again = await raceLab({}, store);
      await again.lab.startPlan(plan());
      await settled(again.lab);
      expect(ends(again.lab), `paused at step ${pausedAt}`).toEqual(wanted);
    }
  });

  it('waits for a run that failed, says for which, and goes on when it is tried again', async () => {
    let fails = true;
    const { lab } = await raceLab({
      beforeStep: (runId, step) => {
        const run = sliced(lab).find(({ spec }) => spec.id === runId);
        if (fails && step === 2 && run?.spec.slicing?.layers === 1 && run.spec.tasks[0]?.corpus.name === 'moss') throw new Error('lost'); // prettier-ignore
      },
    });
    await lab.startPlan(plan());
    await settled(lab);
    expect(isQueueStuck(lab.getState())).toBe(true);
    const [failed] = sliced(lab).filter(({ status }) => status === 'failed');
    const waiting = sliced(lab).find(({ status, epochs }) => status === 'queued' && epochs.length === 1);
    expect(waitsFor(lab.getState(), waiting?.spec.id ?? '')).toMatchObject({
      parentId: failed?.spec.id,
      isStuck: true,
    });
    expect(waitsFor(lab.getState(), waiting?.spec.id ?? '')?.reason).toMatch(
      /another slicing rate, with which it is compared, which failed/,
    );
    fails = false;
    await lab.resumeRun(failed?.spec.id ?? '');
    await settled(lab);
    expect(lab.getState().queue).toEqual([]);
    expect(sliced(lab).filter(({ status }) => status === 'finished')).toHaveLength(6);
  });

  it('lets a person train a dropped run to its end, which changes no decision', async () => {
    const { lab } = await raceLab();
    await lab.startPlan(plan());
    await settled(lab);
    const before = ends(lab);
    const dropped = sliced(lab).find((run) => run.dropped?.epoch === 1 && run.epochs.length === 1);
    await lab.resumeRun(dropped?.spec.id ?? '');
    await settled(lab);
    const after = ends(lab);
    expect(after.filter((end, index) => JSON.stringify(end) !== JSON.stringify(before[index]))).toHaveLength(1);
    expect(sliced(lab).find(({ spec }) => spec.id === dropped?.spec.id)).toMatchObject({ status: 'finished' });
    // The same plan again trains nothing: what was dropped stays so.
    await lab.startPlan(plan());
    expect(lab.getState().queue).toEqual([]);
    // The same plan without its search trains the rest.
    const { search: _left, ...whole } = plan();
    await lab.startPlan(whole);
    await settled(lab);
    expect(sliced(lab).every(({ status }) => status === 'finished')).toBe(true);
  });

  it('keeps the best rates after an epoch without counts of sentences, and refuses a race over runs that lack them', async () => {
    const { lab } = await raceLab({ epoch: (usual, spec) => { const { develCounts: _none, ...point } = scored(usual, spec); return point; } }); // prettier-ignore
    const top: RateSearch = { policy: 'top', rungs: [1], finalists: 2, choose: 'end' };
    await lab.startPlan(plan({ search: top }));
    await settled(lab);
    expect(sliced(lab).filter(({ epochs }) => epochs.length === 4)).toHaveLength(12);
    expect(sliced(lab).filter(({ status }) => status === 'finished')).toHaveLength(6);
    await expect(lab.startPlan(plan())).rejects.toMatchObject({ code: 'plan/search-counts' });
  });

  it('refuses a search on a corpus without devel, and one whose runs are trained apart', async () => {
    const { lab } = await raceLab();
    const state = lab.getState();
    const withoutDevel = state.corpora.map((corpus) => ({ ...corpus, counts: { ...corpus.counts, devel: { ...corpus.counts.devel, sentences: 0 } } })); // prettier-ignore
    expect(() => expandPlan(plan(), { ...state, corpora: withoutDevel })).toThrow(expect.objectContaining({ code: 'plan/no-devel' })); // prettier-ignore
    const [spec] = expandPlan(plan(), state);
    expect(() => expandPlan(plan({ runs: [spec?.id ?? ''] }), state)).toThrow(expect.objectContaining({ code: 'plan/search-apart' })); // prettier-ignore
  });
});
