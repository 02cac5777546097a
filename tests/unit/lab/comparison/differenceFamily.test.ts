// Proves that trainings are paired by seed and round, that excluded ones are counted by reason, and that tables mark scores distinct from STL.
import { describe, expect, it } from 'vitest';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import { comparisonTables } from '../../../../src/lab/comparison/comparisonTables.ts';
import { differenceFamily, differenceKey } from '../../../../src/lab/comparison/differenceFamily.ts';
import type { PackedCounts } from '../../../../src/metrics/scores/packedCounts.ts';
import type { RunRecord, TaskRef } from '../../../../src/schema/runRecord.ts';
import { countedResult } from '../../../fixtures/countedResult.ts';
import { corpusRecord, smallConfig } from '../../../fixtures/records.ts';
import { scoredRun, type F1Pair } from '../../../fixtures/scoredRun.ts';

function taskOf(name: string): TaskRef {
  const { id, fingerprint } = corpusRecord(name);
  return { corpus: { id, name, fingerprint }, type: 'Disease' };
}
const heath = taskOf('heath');
const shore = taskOf('shore');
const category = { name: 'disease', typeName: 'Disease' };
const stl = (task: TaskRef, seed: number, ...pairs: F1Pair[]) =>
  scoredRun({ tasks: [task], seed, config: smallConfig }, pairs.map((pair) => [pair])); // prettier-ignore
const xc = (seed: number, ...snapshots: F1Pair[][]) =>
  scoredRun({ method: 'MTL-XC', tasks: [heath, shore], category, seed }, snapshots, 1);
const ls = (from: RunRecord, task: TaskRef, pair: F1Pair) => {
  const slicing = { layers: 2, biases: 'released' as const, frozen: false };
  const { seed, id: parent } = from.spec;
  return scoredRun({ method: 'MTL-LS', tasks: [task], category, slicing, parent, seed }, [[pair]]);
};

const stls = [stl(heath, 1, [60, 50], [61, 51]), stl(heath, 2, [62, 52], [63, 53]), stl(shore, 1, [70, 60], [71, 61])];
const shared = xc(1, [[64, 54], [72, 62]], [[65, 55], [73, 63]]); // prettier-ignore
const lone = xc(3, [[64, 54], [72, 62]]); // prettier-ignore
const sliced = ls(shared, shore, [80, 70]);
const runs = [...stls, shared, lone, sliced];
const comparison = () => {
  const [found] = buildComparisons(runs, () => 4);
  if (found === undefined) throw new Error('no comparison');
  return found;
};
const ids = (records: readonly RunRecord[]) => new Set(records.map(({ spec }) => spec.id));
const corpora = [corpusRecord('heath'), corpusRecord('shore')];
const STL = { method: 'STL', layers: null } as const;

describe('differenceFamily', () => {
  it('pairs selected snapshots by seed and round, and saved ones in order', () => {
    const family = differenceFamily(comparison(), STL, { corpora, runs: ids(runs) });
    const named = family.differences.map(({ task, variant }) => [task.corpus.name, variant.method]);
    expect(named).toEqual([
      ['heath', 'MTL-XC'],
      ['shore', 'MTL-XC'],
      ['shore', 'MTL-LS'],
    ]);
    expect(family.differences[1]?.asked).toEqual({
      task: { corpusId: shore.corpus.id, type: 'Disease' },
      trainings: [
        {
          seed: 1,
          round: 0,
          snapshots: [
            { a: 62, b: 60 },
            { a: 63, b: 61 },
          ],
          a: { runId: shared.spec.id, epoch: 1, split: 'test', task: 1 },
          b: { runId: stls[2]?.spec.id, epoch: 2, split: 'test', task: 0 },
        },
      ],
    });
    // MTL-LS saved one snapshot and STL two, which cannot be paired.
    expect(family.differences[2]?.asked.trainings[0]?.snapshots).toEqual([]);
    // Seed 3 of MTL-XC has no STL on either task.
    expect(family.leftOut).toEqual({ imported: 0, withoutCorpus: 0, unpaired: 2, otherSentences: 0 });
    expect(family.requests).toHaveLength(5);
  });

  it('takes any variant as the baseline', () => {
    const family = differenceFamily(comparison(), { method: 'MTL-LS', layers: 2 }, { corpora, runs: ids(runs) });
    expect(family.differences.map(({ variant }) => variant.method)).toEqual(['STL', 'MTL-XC']);
  });

  it('takes counts of the records instead of predictions, also of runs from elsewhere, on the same sentences only', () => {
    const { runs: counted } = countedResult();
    const family = (records: readonly RunRecord[]) => {
      const [found] = buildComparisons(records, () => 2);
      if (found === undefined) throw new Error('no comparison');
      return differenceFamily(found, STL, { corpora: [], runs: new Set() });
    };
    const whole = family(counted);
    expect(whole.requests).toEqual([]);
    expect(whole.leftOut).toEqual({ imported: 0, withoutCorpus: 0, unpaired: 0, otherSentences: 0 });
    expect(whole.differences.map(({ asked }) => asked.trainings.length)).toEqual(Array.from({ length: 8 }, () => 3));
    const xc = counted.find(({ spec }) => spec.method === 'MTL-XC' && spec.seed === 1);
    expect(whole.differences[0]?.asked.trainings[0]?.a).toEqual(xc?.snapshots.at(-1)?.testCounts?.[0]);
    const moved = counted.map((run) => {
      if (run.spec.method !== 'STL' || run.spec.seed !== 2) return run;
      const changed = (counts: PackedCounts | null) => counts && { ...counts, split: 'another' };
      return {
        ...run,
        snapshots: run.snapshots.map(({ testCounts, ...one }) => ({
          ...one,
          ...(testCounts === undefined ? {} : { testCounts: testCounts.map(changed) }),
        })),
      };
    });
    expect(family(moved).leftOut).toEqual({ imported: 0, withoutCorpus: 0, unpaired: 0, otherSentences: 8 });
    expect(family(moved).differences.map(({ asked }) => asked.trainings.length)).toEqual(
      Array.from({ length: 8 }, () => 2),
    );
  });

  it('excludes runs of result files and of missing corpora', () => {
    const own = ids([...stls, shared]);
    const family = differenceFamily(comparison(), STL, { corpora: corpora.slice(1), runs: own });
    expect(family.differences.map(({ task, variant }) => [task.corpus.name, variant.method])).toEqual([
      ['shore', 'MTL-XC'],
    ]);
    expect(family.leftOut).toEqual({ imported: 3, withoutCorpus: 3, unpaired: 0, otherSentences: 0 });
  });
});

describe('tables', () => {
  const marks = (tables: ReturnType<typeof comparisonTables>) =>
    tables.map(({ rows }) => rows.flatMap(({ name, cells }) => cells.flatMap((cell, index) => (cell.kind === 'score' && cell.distinct ? [`${name} ${index}`] : [])))); // prettier-ignore

  it('are unmarked and without a note until tested', () => {
    const tables = comparisonTables(comparison(), () => null);
    expect(marks(tables).flat()).toEqual([]);
    expect(tables.flatMap(({ notes }) => notes).filter((note) => note.includes('noise'))).toEqual([]);
  });

  it('mark distinct F1 scores and say how they were tested, or that none is distinct', () => {
    const distinct = new Set([differenceKey(shore, { method: 'MTL-LS', layers: 2 })]);
    const tables = comparisonTables(comparison(), () => null, { distinct, family: 3 });
    expect(marks(tables)).toEqual([[], ['shore · Disease 0'], ['shore · Disease 2'], []]);
    const [first, second] = tables.map(({ notes }) => notes.at(-1));
    expect(first).toMatch(/^No F1 here is shown to differ .* over 3 differences to STL, α 0.05\.$/);
    expect(second).toMatch(/^† An F1 that differs /);
  });
});
