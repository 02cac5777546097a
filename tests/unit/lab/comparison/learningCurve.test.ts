// Proves with hand-worked numbers that a learning curve joins runs that differ only in share and seed, with the spread over seeds.
import { describe, expect, it } from 'vitest';
import { learningCurve } from '../../../../src/lab/comparison/comparisonCurves.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../../../src/schema/runRecord.ts';
import { corpusRecord, smallConfig } from '../../../fixtures/records.ts';
import { scoredRun } from '../../../fixtures/scoredRun.ts';

function taskOf(name: string): TaskRef {
  const { id, fingerprint } = corpusRecord(name);
  return { corpus: { id, name, fingerprint }, type: 'Disease' };
}
const moss = taskOf('moss');
const fern = taskOf('fern');
const split = (sentences: number) => ({ sentences, tokens: 0, mentions: 0, longest: 0, perType: {} });

/** A run on `sentences` of each task's training text whose selected snapshot has these F1s on test. */
function run(
  share: number | null,
  seed: number,
  f1s: readonly number[],
  sentences: number,
  changes: Partial<Omit<RunSpec, 'id'>> = {},
): RunRecord {
  const config = share === null ? smallConfig : { ...smallConfig, trainShare: share };
  const record = scoredRun({ tasks: [moss], config, seed, ...changes }, [f1s.map((f1) => [50, f1] as const)]);
  return { ...record, counts: f1s.map(() => ({ train: split(sentences), devel: split(1), test: split(1) })) };
}

describe('learningCurve', () => {
  it('has a point per share, with mean and deviation over seeds, by increasing share', () => {
    const whole = run(null, 1, [80], 100);
    const pool = [whole, run(0.5, 1, [70], 50), run(null, 2, [82], 100), run(0.25, 1, [40], 25), run(0.5, 2, [74], 52)];
    expect(learningCurve(whole, moss, pool)).toEqual([
      { share: 0.25, sentences: 25, f1: { mean: 40, deviation: null, count: 1 } },
      { share: 0.5, sentences: 51, f1: { mean: 72, deviation: Math.sqrt(8), count: 2 } },
      { share: 1, sentences: 100, f1: { mean: 81, deviation: Math.sqrt(2), count: 2 } },
    ]);
    expect(learningCurve(run(0.25, 1, [40], 25), moss, pool)).toHaveLength(3);
  });

  it('omits runs that differ in anything else, and runs without a score or counts', () => {
    const whole = run(null, 1, [80], 100);
    const category = { name: 'rot', typeName: 'Rot' };
    const others = [
      run(0.5, 1, [1], 50, { config: { ...smallConfig, trainShare: 0.5, epochs: 77 } }),
      run(0.5, 1, [1], 50, { model: { ...whole.spec.model, fingerprint: 'another' } }),
      run(0.5, 1, [1], 50, { tasks: [fern] }),
      run(0.5, 1, [1, 2], 50, { method: 'MTL-XC', tasks: [moss, fern], category }),
      run(0.5, 1, [1], 50, { round: 1, parent: whole.spec.id }),
      { ...run(0.5, 1, [1], 50), counts: null },
      { ...run(0.5, 1, [1], 50), snapshots: [] },
    ];
    expect(learningCurve(whole, moss, [whole, ...others]).map(({ share }) => share)).toEqual([1]);
  });

  it('takes the F1 of the task and the sentences of all tasks of an MTL-XC run', () => {
    const category = { name: 'rot', typeName: 'Rot' };
    const shared = run(null, 1, [60, 90], 30, { method: 'MTL-XC', tasks: [moss, fern], category });
    const [point] = learningCurve(shared, fern, [shared]);
    expect([point?.sentences, point?.f1.mean]).toEqual([60, 90]);
  });
});
