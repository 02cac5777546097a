// Proves that several people's runs merge into one pool: each run once, with its most advanced record, and conflicting inputs reported.
import { describe, expect, it } from 'vitest';
import { mergeRuns } from '../../../../src/lab/comparison/mergeRuns.ts';
import { runSpec } from '../../../../src/lab/plans/expandPlan.ts';
import { sealResultFile } from '../../../../src/schema/resultFile.ts';
import { queuedRun, type RunRecord } from '../../../../src/schema/runRecord.ts';
import { planFile, spec } from '../../../fixtures/records.ts';

function run(seed: number, changes: Partial<RunRecord> = {}): RunRecord {
  return { ...queuedRun(spec({ seed }), '2024-01-01T00:00:00.000Z'), ...changes };
}

function imported(fileName: string, runs: RunRecord[]) {
  const file = sealResultFile({
    format: 'bioner-lab-result',
    version: 2,
    software: 'test 1',
    exportedAt: '2024-01-01T00:00:00.000Z',
    plan: planFile(),
    models: [],
    runs,
  });
  return { fileName, file };
}

describe('merging runs', () => {
  it('keeps each run once, with its sources', () => {
    const merged = mergeRuns([run(1)], [imported('a.json', [run(1), run(2)]), imported('b.json', [run(2), run(3)])]);
    expect(merged.runs.map(({ record, sources }) => [record.spec.seed, sources])).toEqual([
      [1, [null, 'a.json']],
      [2, ['a.json', 'b.json']],
      [3, ['b.json']],
    ]);
    expect(merged).toMatchObject({ repeated: 2, conflicts: [] });
  });

  it('takes the finished record, then the one with more steps, then the first', () => {
    const records = (own: Partial<RunRecord>, theirs: Partial<RunRecord>) =>
      mergeRuns([run(1, own)], [imported('a.json', [run(1, theirs)])]).runs.map(({ record, sources }) => [
        record.step,
        sources[0],
      ]);
    expect(records({ step: 9 }, { step: 4, status: 'finished' })).toEqual([[4, 'a.json']]);
    expect(records({ step: 4, status: 'finished' }, { step: 9 })).toEqual([[4, null]]);
    expect(records({ step: 4 }, { step: 9 })).toEqual([[9, 'a.json']]);
    expect(records({ step: 4 }, { step: 4 })).toEqual([[4, null]]);
  });

  it('reports a corpus name and a model name used for different content, with the files', () => {
    const own = run(1);
    const other = { id: 'other', name: 'moss', fingerprint: 'other corpus' };
    const theirs: RunRecord = {
      ...own,
      spec: runSpec({
        ...own.spec,
        tasks: [{ corpus: other, type: 'Disease' }],
        model: { id: 'm', name: 'tiny', fingerprint: 'other model' },
      }),
    };
    const { runs, conflicts } = mergeRuns([own], [imported('a.json', [theirs]), imported('b.json', [own])]);
    expect(runs).toHaveLength(2);
    expect(conflicts).toEqual([
      {
        noun: 'model',
        name: 'tiny',
        versions: [
          { fingerprint: own.spec.model.fingerprint, sources: [null, 'b.json'] },
          { fingerprint: 'other model', sources: ['a.json'] },
        ],
      },
      {
        noun: 'corpus',
        name: 'moss',
        versions: [
          { fingerprint: own.spec.tasks[0]?.corpus.fingerprint, sources: [null, 'b.json'] },
          { fingerprint: 'other corpus', sources: ['a.json'] },
        ],
      },
    ]);
  });
});
