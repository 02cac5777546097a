// Proves that a thinned loss curve keeps its ends and extremes, and that a run shows the scores of its selected snapshot.
import { describe, expect, it } from 'vitest';
import { presets } from '../../../../src/lab/plans/presets.ts';
import { lossSeries } from '../../../../src/ui/charts/RunCharts.tsx';
import {
  bestEpoch,
  runProgress,
  selectedSnapshot,
  shownF1,
  snapshotSpread,
} from '../../../../src/ui/shared/runName.ts';
import { fakeCorpus, fakeCorpusSentences, fakeModel, fakeRun } from '../../../fixtures/fakeRecords.ts';

const corpus = fakeCorpus('c', ['Cell'], fakeCorpusSentences({ train: 60, devel: 10, test: 10 }, ['Cell']));
const model = fakeModel('m', true, 1_900_000);

function steps(losses: readonly number[]) {
  return losses.map((loss, index) => ({
    step: index + 1,
    epoch: 0,
    loss,
    learningRate: 0,
    gradientNorm: 0,
    elapsedMs: 0,
  }));
}

describe('lossSeries', () => {
  const losses = Array.from({ length: 5000 }, (_, index) => Math.cos(index / 50) + (index === 3217 ? 40 : 0));

  it('keeps at most the limit, in order, with first, last and the one spike', () => {
    const points = lossSeries(steps(losses), 600);
    expect(points.length).toBeLessThanOrEqual(600);
    expect(points[0]?.step).toBe(1);
    expect(points.at(-1)?.step).toBe(5000);
    expect(Math.max(...points.map(({ loss }) => loss))).toBe(Math.max(...losses));
    expect(Math.min(...points.map(({ loss }) => loss))).toBe(Math.min(...losses));
    const places = points.map(({ step }) => step);
    expect(places).toEqual([...new Set(places)].sort((left, right) => left - right));
  });

  it('leaves a short curve whole', () => {
    expect(lossSeries(steps([3, 2, 4])).map(({ loss }) => loss)).toEqual([3, 2, 4]);
    expect(lossSeries([])).toEqual([]);
  });

  it('smooths by the mean of the neighbours, so a straight line stays itself', () => {
    expect(lossSeries(steps([3, 9, 6])).map(({ smooth }) => smooth)).toEqual([3, 6, 6]);
    for (const { loss, smooth } of lossSeries(steps(losses.map((_, index) => 7 - index)), 100)) {
      expect(smooth).toBeCloseTo(loss, 6);
    }
  });
});

describe('a finished run', () => {
  const record = fakeRun(corpus, model, { status: 'finished', config: presets.paper.config });

  it('is shown by its selected snapshot', () => {
    const selected = selectedSnapshot(record);
    expect(selected?.epoch).toBe(record.selectedEpoch);
    expect(shownF1(record, 'devel')).toBe(selected?.devel[0]?.lenient.overall.f1);
    expect(shownF1(record, 'test')).toBe(selected?.test[0]?.lenient.overall.f1);
    expect(runProgress(record)).toBe(1);
  });

  it('has means over all its snapshots, and none for what no snapshot scored', () => {
    const f1 = record.snapshots.map(({ test }) => test[0]?.strict.perType.Cell?.f1 ?? 0);
    const mean = f1.reduce((sum, value) => sum + value, 0) / f1.length;
    const of = { task: 0, split: 'test', measure: 'f1' } as const;
    expect(snapshotSpread(record.snapshots, { ...of, reading: 'strict', type: 'Cell' })?.mean).toBeCloseTo(mean, 10);
    expect(snapshotSpread(record.snapshots, { ...of, reading: 'lenient', type: 'Organ' })).toBeNull();
  });
});

describe('a run on several tasks', () => {
  it('shows the mean over its tasks', () => {
    const several = fakeRun(corpus, model, { status: 'finished', method: 'MTL-XC', others: [corpus] });
    const [one, other] = selectedSnapshot(several)?.test ?? [];
    const f1 = [one, other].map((scores) => scores?.lenient.overall.f1 ?? 0);
    expect(f1[0]).not.toBe(f1[1]);
    expect(shownF1(several, 'test')).toBeCloseTo(((f1[0] ?? 0) + (f1[1] ?? 0)) / 2, 10);
  });
});

describe('a run under way', () => {
  it('shows its latest epoch, and the best one so far', () => {
    const record = fakeRun(corpus, model, { status: 'running', done: 0.5 });
    expect(shownF1(record, 'devel')).toBe(record.epochs.at(-1)?.devel[0]?.lenient.overall.f1);
    const best = Math.max(...record.epochs.map(({ devel }) => devel[0]?.lenient.overall.f1 ?? 0));
    expect(bestEpoch(record)?.f1).toBe(best);
    expect(runProgress(record)).toBeCloseTo(0.5, 2);
  });

  it('has made no progress before it knows its steps', () => {
    expect(runProgress(fakeRun(corpus, model, { status: 'queued' }))).toBe(0);
  });
});
