// Proves that result files of every version open with intact runs, and that foreign, modified and newer ones are rejected.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planOfRuns } from '../../../../src/lab/plans/exportResult.ts';
import { sealResultFile } from '../../../../src/schema/resultFile.ts';
import { parseResultFile } from '../../../../src/lab/plans/resultFiles.ts';
import type { PackedCounts } from '../../../../src/metrics/scores/packedCounts.ts';
import { resultRecordSchema } from '../../../../src/schema/resultFile.ts';
import { fingerprint } from '../../../../src/util/digest.ts';
import { countedResult } from '../../../fixtures/countedResult.ts';

const text = readFileSync(new URL('../../../fixtures/results/v1-stl.result.json', import.meta.url), 'utf8');

/** The parts of version 1 that these tests look at. */
interface Version1 {
  readonly version: 1;
  readonly plan: { readonly tasks: readonly object[]; readonly seeds: readonly number[] };
  readonly runs: readonly {
    readonly spec: { readonly id: string; readonly corpus: { readonly name: string }; readonly type: string | null };
    readonly counts: object;
    readonly epochs: readonly { readonly devel: object }[];
    readonly snapshots: readonly { readonly devel: object; readonly test: object }[];
  }[];
}
const old = JSON.parse(text) as Version1;

describe('a result file of version 1', () => {
  const opened = parseResultFile(text);

  it('is migrated to version 2 without loss', () => {
    expect(opened.version).toBe(2);
    expect(opened.plan).toMatchObject({
      version: 2,
      methods: ['STL'],
      categories: [{ typeName: null, tasks: old.plan.tasks }],
      seeds: old.plan.seeds,
    });
    expect(opened.runs).toHaveLength(old.runs.length);
    for (const [index, run] of opened.runs.entries()) {
      const before = old.runs[index];
      expect(run.spec).toMatchObject({
        id: before?.spec.id,
        tasks: [{ corpus: before?.spec.corpus, type: before?.spec.type }],
        parent: null,
      });
      expect(run.counts).toEqual([before?.counts]);
      expect(run.epochs.map(({ devel }) => devel)).toEqual(before?.epochs.map(({ devel }) => [devel]));
      expect(run.snapshots.map(({ test }) => test)).toEqual(before?.snapshots.map(({ test }) => [test]));
    }
  });

  it('has a checksum for its new form, so that it opens again', () => {
    const { checksum, ...members } = opened;
    expect(checksum).toBe(fingerprint(members));
    expect(parseResultFile(JSON.stringify(opened))).toEqual(opened);
  });

  it('opens from a store that saved it as version 1', () => {
    const stored = resultRecordSchema.parse({ id: 'a', fileName: 'mine.json', file: old });
    expect(stored.file).toEqual(opened);
  });

  it('contains a plan that expands to its runs', () => {
    const plan = planOfRuns(
      opened.runs.map(({ spec }) => spec),
      opened.models,
    );
    expect(plan.categories[0]?.tasks[0]?.corpus.name).toBe(old.runs[0]?.spec.corpus.name);
  });

  it('is rejected when one digit was changed before', () => {
    const digit = /"f1": ?(\d)/.exec(text);
    const at = (digit?.index ?? 0) + (digit?.[0].length ?? 0) - 1;
    const changed = text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1);
    expect(() => parseResultFile(changed)).toThrow(expect.objectContaining({ code: 'result/changed' }));
  });
});

describe('counts of sentences', () => {
  const { checksum: _seal, ...members } = countedResult();
  const withCounts = (changes: Partial<PackedCounts>) =>
    JSON.stringify(
      sealResultFile({
        ...members,
        runs: members.runs.map((run) => ({
          ...run,
          snapshots: run.snapshots.map(({ testCounts, ...one }) => ({
            ...one,
            ...(testCounts && { testCounts: testCounts.map((counts) => counts && { ...counts, ...changes }) }),
          })),
        })),
      }),
    );

  it('come back from a file as they were written', () => {
    expect(parseResultFile(withCounts({}))).toEqual(countedResult());
  });

  it.each([
    ['that do not add up to the scores', { spurious: '0*120' }],
    ['of fewer sentences', { gold: '1', missed: '0', spurious: '0' }],
    ['that are no numbers', { gold: 'many' }],
    ['that never end', { gold: '0*9999999' }],
  ])('are refused, well sealed: %s', (_what, changes) => {
    expect(() => parseResultFile(withCounts(changes))).toThrow(expect.objectContaining({ code: 'result/invalid' }));
  });
});

describe('other files', () => {
  const { checksum: _seal, ...members } = parseResultFile(text);
  const sealed = (changes: object) => JSON.stringify(sealResultFile({ ...members, ...changes }));

  it.each([
    ['no JSON', '{', 'result/foreign'],
    ['a plan', JSON.stringify(members.plan), 'result/foreign'],
    ['null', 'null', 'result/foreign'],
    ['a later version', sealed({ version: 3 }), 'result/newer'],
    ['no version', sealed({ version: undefined }), 'result/invalid'],
    ['an unknown member, well sealed', sealed({ extra: 1 }), 'result/invalid'],
    ['version 1 in name only, well sealed', sealed({ version: 1, runs: [{ version: 1 }] }), 'result/invalid'],
  ])('are refused: %s', (_what, content, code) => {
    expect(() => parseResultFile(content)).toThrow(expect.objectContaining({ code }));
  });
});
