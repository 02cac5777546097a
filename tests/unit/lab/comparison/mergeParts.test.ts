// Proves that results of parts merge into the file of the whole plan, and that what is missing, repeated or on other inputs is named.
import { describe, expect, it } from 'vitest';
import { commonPlan, mergeParts, type PartFile } from '../../../../src/lab/comparison/mergeRuns.ts';
import { parseResultFile } from '../../../../src/lab/plans/resultFiles.ts';
import { sealResultFile, type ResultFile } from '../../../../src/schema/resultFile.ts';
import type { RunRecord } from '../../../../src/schema/runRecord.ts';
import { countedResult } from '../../../fixtures/countedResult.ts';

const whole = countedResult({ seeds: [1, 2] });
const at = { software: whole.software, exportedAt: whole.exportedAt };

function withRuns(runs: readonly RunRecord[], file: ResultFile = whole): ResultFile {
  const { checksum: _whole, ...members } = file;
  return sealResultFile({ ...members, runs: [...runs] });
}

/** A file for each run, with the run that it starts from. */
const parts = whole.runs.map((run): PartFile => {
  const parent = whole.runs.filter(({ spec }) => spec.id === run.spec.parent);
  return { name: `${run.spec.id}.json`, file: withRuns([...parent, run]) };
});
const without = (id: string): readonly PartFile[] => parts.filter(({ name }) => name !== `${id}.json`);

describe('merged parts', () => {
  it('are the file of the whole plan, in whatever order they come', () => {
    for (const order of [parts, [...parts].reverse()]) {
      const { result, report } = mergeParts(order, commonPlan(order), at);
      expect(result).toEqual(whole);
      expect(report).toEqual({ expected: 18, merged: 18, finished: 18, missing: [], repeated: [], foreign: [] });
    }
  });

  it('keep what was written about runs and experiments, by the first file that says something', () => {
    const [one, two] = parts;
    const [first, second] = whole.runs.map(({ spec }) => spec.id);
    if (one === undefined || two === undefined || first === undefined || second === undefined)
      throw new Error('no runs');
    const descriptions = (name: string, ids: readonly string[]) => ({
      runs: Object.fromEntries([...ids, 'a run of another plan'].map((id) => [id, { name }])),
      experiments: { experiment: { notes: name } },
    });
    const described = [
      { ...one, file: { ...one.file, descriptions: descriptions('from the first', [first]) } },
      { ...two, file: { ...two.file, descriptions: descriptions('from the second', [first, second]) } },
      ...parts.slice(2),
    ];
    const { result } = mergeParts(described, commonPlan(described), at);
    expect(result.descriptions).toEqual({
      runs: { [first]: { name: 'from the first' }, [second]: { name: 'from the second' } },
      experiments: { experiment: { notes: 'from the first' } },
    });
    expect(parseResultFile(JSON.stringify(result)).descriptions).toEqual(result.descriptions);
  });

  it('open as a result file', () => {
    const { result } = mergeParts(parts, commonPlan(parts), at);
    expect(parseResultFile(JSON.stringify(result)).runs).toHaveLength(18);
  });

  it('name what is missing, and what has not finished', () => {
    const [missing] = whole.runs;
    const [, unfinished] = whole.runs;
    if (missing === undefined || unfinished === undefined) throw new Error('no runs');
    const paused: RunRecord = { ...unfinished, status: 'paused' };
    const some = [...without(missing.spec.id).filter(({ name }) => name !== `${unfinished.spec.id}.json`), { name: 'paused.json', file: withRuns([paused]) }]; // prettier-ignore
    const { report } = mergeParts(some, commonPlan(some), at);
    expect(report.missing).toMatchObject([
      { runId: missing.spec.id, status: null, files: [] },
      { runId: unfinished.spec.id, status: 'paused', files: ['paused.json'] },
    ]);
    expect(report.missing[0]?.title).toContain('STL heath Disease seed 1');
  });

  it('leave out runs whose parent is missing, which no result file can have', () => {
    const shared = whole.runs.find(({ spec }) => spec.method === 'MTL-XC');
    const sliced = whole.runs.find(({ spec }) => spec.parent === shared?.spec.id);
    const stl = whole.runs.filter(({ spec }) => spec.method === 'STL');
    if (sliced === undefined) throw new Error('no runs');
    const some = [{ name: 'stl.json', file: withRuns(stl) }, { name: 'ls.json', file: { ...whole, runs: [sliced] } }]; // prettier-ignore
    const { result } = mergeParts(some, whole.plan, at);
    expect(result.runs).toHaveLength(stl.length);
    expect(parseResultFile(JSON.stringify(result)).runs).toHaveLength(stl.length);
  });

  it('name what was trained twice, and whether the outcome was the same', () => {
    const [run] = whole.runs;
    if (run === undefined) throw new Error('no runs');
    const later = { ...run, elapsedMs: run.elapsedMs + 1, updatedAt: '2026-01-01T00:00:00.000Z' };
    const other = { ...later, selectedEpoch: 1, steps: [] };
    const same = mergeParts([...parts, { name: 'later.json', file: withRuns([later]) }], whole.plan, at);
    expect(same.report.repeated).toMatchObject([
      { runId: run.spec.id, isSame: true, files: [`${run.spec.id}.json`, 'later.json'] },
    ]);
    expect(same.result).toEqual(whole);
    const differing = mergeParts([...parts, { name: 'other.json', file: withRuns([other]) }], whole.plan, at);
    expect(differing.report.repeated).toMatchObject([{ runId: run.spec.id, isSame: false }]);
  });

  it('leave out runs on other inputs, and say which input differs', () => {
    const foreign = countedResult({ seeds: [1], model: 'other' });
    const { result, report } = mergeParts([...parts, { name: 'foreign.json', file: foreign }], whole.plan, at);
    expect(result.runs).toEqual(whole.runs);
    expect(report.foreign).toHaveLength(9);
    const [corpus] = whole.runs.flatMap(({ spec }) => spec.tasks.map((task) => task.corpus));
    if (corpus === undefined) throw new Error('no corpus');
    const moved = foreign.runs.map((run) => ({
      ...run,
      spec: {
        ...run.spec,
        id: run.spec.id.replace(/^./, 'f'),
        parent: run.spec.parent && run.spec.parent.replace(/^./, 'f'),
        model: whole.runs[0]?.spec.model ?? run.spec.model,
        tasks: run.spec.tasks.map((task) => ({
          ...task,
          corpus: { ...task.corpus, fingerprint: `0${task.corpus.fingerprint}` },
        })),
      },
    }));
    const others = mergeParts([...parts, { name: 'moved.json', file: { ...whole, runs: moved } }], whole.plan, at);
    expect(others.report.foreign[0]).toMatchObject({
      files: ['moved.json'],
      expected: `heath with fingerprint ${corpus.fingerprint.slice(0, 16)}`,
      got: `fingerprint 0${corpus.fingerprint.slice(0, 15)}`,
    });
  });

  it('merge without a plan in the order of the files, and are refused where nothing belongs to it', () => {
    const { report } = mergeParts(parts, null, at);
    expect(report).toMatchObject({ expected: null, merged: 18, missing: [], foreign: [] });
    const plan = { ...whole.plan, seeds: [77] };
    expect(() => mergeParts(parts, plan, at)).toThrow(expect.objectContaining({ code: 'merge/empty' }));
  });

  it('have the plan of all files under the name that its parts share, and none where they differ', () => {
    const named = (name: string, seeds = whole.plan.seeds): PartFile => ({
      name,
      file: { ...whole, plan: { ...whole.plan, name, seeds } },
    });
    expect(commonPlan([named('grid, part 1 of 2'), named('grid, part 2 of 2')])?.name).toBe('grid');
    expect(commonPlan([named('grid'), named('grid', [9])])).toBeNull();
  });
});
