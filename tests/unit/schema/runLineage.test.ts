// Proves that a list of runs with a cycle, a missing parent or a parent that a run cannot start from is refused, and that plans pass.
import { describe, expect, it } from 'vitest';
import { buildComparisons } from '../../../src/lab/comparison/comparison.ts';
import { learningCurve } from '../../../src/lab/comparison/comparisonCurves.ts';
import { analysisCategories } from '../../../src/lab/comparison/crossMatrix.ts';
import { mergeRuns } from '../../../src/lab/comparison/mergeRuns.ts';
import { expandPlan } from '../../../src/lab/plans/expandPlan.ts';
import { withParents } from '../../../src/lab/plans/exportResult.ts';
import { parseResultFile } from '../../../src/lab/plans/resultFiles.ts';
import { runGraph } from '../../../src/lab/plans/runGraph.ts';
import { isQueueStuck, waitsFor } from '../../../src/lab/runs/scheduler.ts';
import { createLabStore } from '../../../src/lab/state/labStore.ts';
import { runViewsOf } from '../../../src/lab/state/runViews.ts';
import { sealResultFile } from '../../../src/schema/resultFile.ts';
import { cyclicRuns, lineageFault } from '../../../src/schema/runLineage.ts';
import { queuedRun, type RunRecord, type RunSpec } from '../../../src/schema/runRecord.ts';
import { categoryPlan, corpusRecord, modelRecord, planFile } from '../../fixtures/records.ts';

const library = { corpora: [corpusRecord('moss'), corpusRecord('fern')], models: [modelRecord('tiny')] };
const plan = categoryPlan({ rounds: { count: 1, epochs: 1 }, seeds: [1, 2] });
const specs = expandPlan(plan, library);

/** The first run that is one, and its parents and others with some members changed. */
function changed(isIt: (spec: RunSpec) => boolean, changes: Partial<RunSpec> | ((spec: RunSpec) => Partial<RunSpec>)) {
  const index = specs.findIndex(isIt);
  const spec = specs[index] as RunSpec;
  return specs.with(index, { ...spec, ...(typeof changes === 'function' ? changes(spec) : changes) });
}

const isSliced = ({ method, round }: RunSpec): boolean => method === 'MTL-LS' && round === 0;
const isRound = ({ round }: RunSpec): boolean => round > 0;
const isSingle = ({ method, round }: RunSpec): boolean => method === 'STL' && round === 0;
const idOf = (isIt: (spec: RunSpec) => boolean): string => specs.find(isIt)?.id ?? '';

const refused: [string, readonly RunSpec[], RegExp][] = [
  ['a run that starts from itself', changed(isSliced, ({ id }) => ({ parent: id })), /starts from itself/],
  ['a round that starts from itself', changed(isRound, ({ id }) => ({ parent: id })), /starts from itself/],
  ['a parent that is missing', changed(isSliced, { parent: 'f00d' }), /f00d.*is missing/],
  ['STL with a parent', changed(isSingle, { parent: idOf(isSliced) }), /starts from pretrained weights/],
  ['STL in a category', changed(isSingle, { category: { name: 'a', typeName: 'b' } }), /belongs to no category/],
  ['MTL-LS without a category', changed(isSliced, { category: null }), /belongs to a category/],
  ['MTL-LS without slicing', changed(isSliced, { slicing: null }), /number of layers/],
  ['MTL-LS without a parent', changed(isSliced, { parent: null }), /another run/],
  ['MTL-LS that starts from STL', changed(isSliced, { parent: idOf(isSingle) }), /not from one of STL/],
  ['MTL-LS that starts from a round', changed(isSliced, { parent: idOf((spec) => isRound(spec) && spec.method === 'MTL-XC') }), /not from round 1/], // prettier-ignore
  ['a round of another method', changed(isRound, ({ method }) => ({ parent: idOf((spec) => spec.method !== method && spec.round === 0) })), /starts from a first training/], // prettier-ignore
  ['a child of another seed', changed(isSliced, { seed: 9 }), /in seed/],
  ['a child of another model', changed(isSliced, { model: { id: 'x', name: 'x', fingerprint: 'x' } }), /in model/],
  ['a child with other settings', changed(isSliced, ({ config }) => ({ config: { ...config, batchSize: 7 } })), /in settings/], // prettier-ignore
  ['a round of another task', changed((spec) => isRound(spec) && spec.method === 'STL', { tasks: [{ corpus: { id: 'x', name: 'x', fingerprint: 'x' }, type: null }] }), /in tasks/], // prettier-ignore
  ['MTL-LS on a task that MTL-XC lacks', changed(isSliced, ({ tasks }) => ({ tasks: tasks.map((task) => ({ ...task, type: 'Gene' })) })), /was not trained on its task/], // prettier-ignore
  ['a run twice', [...specs, specs[0] as RunSpec], /occurs twice/],
];

describe('a list of runs', () => {
  it('of a plan passes, also with other names for the same inputs', () => {
    expect(lineageFault(specs)).toBeNull();
    expect(lineageFault(changed(isSliced, { category: { name: 'renamed', typeName: 'Disease' } }))).toBeNull();
  });

  it.each(refused)('is refused: %s', (_what, runs, reason) => {
    expect(lineageFault(runs)?.message).toMatch(reason);
    expect(() => parseResultFile(fileOf(runs))).toThrow(
      expect.objectContaining({ code: 'result/invalid', message: expect.stringMatching(reason) as unknown }),
    );
  });

  it('is searched for cycles alone where parents may be missing', () => {
    const runs = [
      { id: 'a', parent: 'b' },
      { id: 'b', parent: 'c' },
      { id: 'c', parent: 'b' },
      { id: 'd', parent: 'd' },
      { id: 'e', parent: 'gone' },
      { id: 'f', parent: null },
    ];
    expect([...cyclicRuns(runs)].sort()).toEqual(['b', 'c', 'd']);
    const line = Array.from({ length: 50_000 }, (_, index) => ({ id: `${index}`, parent: `${index + 1}` }));
    expect(cyclicRuns(line).size).toBe(0);
  });
});

function fileOf(runs: readonly RunSpec[]): string {
  return JSON.stringify(
    sealResultFile({
      format: 'bioner-lab-result',
      version: 2,
      software: 'test 1',
      exportedAt: '2024-01-01T00:00:00.000Z',
      plan: planFile(),
      models: [],
      runs: runs.map((spec) => queuedRun(spec, '2024-01-01T00:00:00.000Z')),
    }),
  );
}

describe('walks over runs that are cyclic all the same', () => {
  const [first, second] = specs.filter(isSliced) as [RunSpec, RunSpec];
  const round = { ...second, id: 'round', round: 1, parent: 'round' };
  const records: readonly RunRecord[] = [
    { ...first, parent: second.id },
    { ...second, parent: first.id },
    { ...first, id: 'self', parent: 'self' },
    round,
  ].map((spec) => queuedRun(spec, '2024-01-01T00:00:00.000Z'));
  const state = { ...createLabStore().getState(), runs: runViewsOf(records) };

  it('end', () => {
    const merged = mergeRuns(records, []).runs.map(({ record }) => record);
    expect(buildComparisons(merged, () => 2).flatMap(({ tasks }) => tasks).length).toBeGreaterThan(0);
    const [record] = records as [RunRecord];
    expect(learningCurve(record, record.spec.tasks[0] as RunSpec['tasks'][number], records)).toEqual([]);
    expect(analysisCategories(record.spec.tasks[0] as RunSpec['tasks'][number], record, records, state)).toHaveLength(
      1,
    );
    expect(withParents(state, [first.id]).map(({ spec }) => spec.id)).toEqual([second.id, first.id]);
    expect(withParents(state, ['self'])).toHaveLength(1);
    expect(runGraph([record.spec], library, records).nodes[0]?.ancestors).toEqual([second.id]);
    expect(waitsFor(state, first.id)).toMatchObject({ isStuck: true });
    const queue = records.map(({ spec }) => spec.id);
    expect(isQueueStuck({ ...state, queue })).toBe(true);
  });
});

describe('runs that read others', () => {
  const words = { ...modelRecord('tiny'), family: 'bilstm' as const };
  const inTurn = {
    ...categoryPlan({ seeds: [1, 2] }),
    methods: ['MTL-XC' as const, 'CollaboNet' as const],
    slicingRates: [],
    turns: 3,
  };
  const ofTurns = expandPlan(inTurn, { ...library, models: [words] });
  const collaborating = ofTurns.filter(({ collaboration }) => collaboration !== undefined);
  const withHelpers = (of: (spec: RunSpec) => readonly string[]): readonly RunSpec[] =>
    ofTurns.map((spec) =>
      spec.collaboration?.turn === 2 ? { ...spec, collaboration: { turn: 2, helpers: [...of(spec)] } } : spec,
    );

  it('pass as a plan makes them, whatever order it lists tasks in, and are exported with all they need', () => {
    expect(lineageFault(ofTurns)).toBeNull();
    expect(cyclicRuns(ofTurns)).toEqual(new Set());
    expect(collaborating).toHaveLength(2 * 2 * 3);
    const [category] = inTurn.categories;
    const reversed = { ...inTurn, methods: ['CollaboNet' as const], categories: [{ ...(category as NonNullable<typeof category>), tasks: (category?.tasks ?? []).toReversed() }] }; // prettier-ignore
    const again = expandPlan(reversed, { ...library, models: [words] }).filter(
      ({ collaboration }) => collaboration !== undefined,
    );
    expect(new Set(again.map(({ id }) => id))).toEqual(new Set(collaborating.map(({ id }) => id)));
    const last = collaborating.at(-1) as RunSpec;
    const state = {
      ...createLabStore().getState(),
      runs: runViewsOf(ofTurns.map((spec) => queuedRun(spec, '2026-11-30T00:00:00.000Z'))),
    };
    const needed = withParents(state, [last.id]).map(({ spec }) => spec);
    // STL of both tasks, and all turns of its seed.
    expect(needed).toHaveLength(2 + 6);
    expect(needed.at(-1)?.id).toBe(last.id);
    expect(lineageFault(needed)).toBeNull();
    expect(waitsFor(state, last.id)?.isStuck).toBe(false);
  });

  it('are one variant of a comparison beside STL and MTL-XC, the last turn of each', () => {
    const comparisons = buildComparisons(
      ofTurns.map((spec) => queuedRun(spec, '2026-11-30T00:00:00.000Z')),
      () => 2,
    );
    expect(comparisons).toHaveLength(1);
    for (const { variants } of comparisons[0]?.tasks ?? []) {
      expect(variants.map(({ method, trainings }) => [method, trainings.length])).toEqual([['STL', 2], ['MTL-XC', 2], ['CollaboNet', 2]]); // prettier-ignore
    }
  });

  it.each([
    ['a missing run', withHelpers(() => ['f00d']), /f00d.*is missing/],
    ['its own task', withHelpers(({ parent }) => [parent ?? '']), /whose task it has/],
    ['a later turn', withHelpers((spec) => collaborating.flatMap((one) => (one.seed === spec.seed && one.collaboration?.turn === 3 && one.tasks[0]?.corpus.id !== spec.tasks[0]?.corpus.id ? [one.id] : []))), /none of STL or of the turn before/], // prettier-ignore
    ['another seed', withHelpers((spec) => collaborating.flatMap((one) => (one.seed !== spec.seed && one.collaboration?.turn === 1 && one.tasks[0]?.corpus.id !== spec.tasks[0]?.corpus.id ? [one.id] : []))), /in seed/], // prettier-ignore
    ['nothing', ofTurns.map(({ collaboration: _, ...spec }) => spec), /needs runs of other tasks/],
  ] as const)('are refused when they read %s', (_name, runs, message) => {
    expect(lineageFault(runs)?.message).toMatch(message);
  });

  it('merge in a single turn, of any encoder, and are compared beside MTL-XC', () => {
    const methods = ['MTL-XC', 'Average', 'TIES'] as const;
    const merging = expandPlan(
      { ...categoryPlan({ seeds: [1, 2] }), methods: [...methods], slicingRates: [], turns: 3 },
      library,
    );
    expect(lineageFault(merging)).toBeNull();
    const merged = merging.filter(({ collaboration }) => collaboration !== undefined);
    expect(merged.map(({ method, collaboration }) => [method, collaboration?.turn])).toEqual(
      [1, 2].flatMap(() => ['Average', 'Average', 'TIES', 'TIES'].map((method) => [method, 1])),
    );
    // Both tasks of a seed start from the same runs: the one its own, the other what it reads.
    const [one, other] = merged as [RunSpec, RunSpec];
    expect([one.parent, ...(one.collaboration?.helpers ?? [])].sort()).toEqual([other.parent, ...(other.collaboration?.helpers ?? [])].sort()); // prettier-ignore
    const later = merging.map((spec) => (spec.id === one.id ? { ...spec, collaboration: { helpers: one.collaboration?.helpers ?? [], turn: 2 } } : spec)); // prettier-ignore
    expect(lineageFault(later)?.message).toMatch(/Average has one turn, not 2/);
    const comparisons = buildComparisons(merging.map((spec) => queuedRun(spec, '2026-12-01T00:00:00.000Z')), () => 2); // prettier-ignore
    expect(comparisons).toHaveLength(1);
    for (const { variants } of comparisons[0]?.tasks ?? []) {
      expect(variants.map(({ method, trainings }) => [method, trainings.length])).toEqual([['STL', 2], ['MTL-XC', 2], ['Average', 2], ['TIES', 2]]); // prettier-ignore
    }
    const [category] = categoryPlan({}).categories;
    const alone = { ...categoryPlan({}), methods: ['TIES' as const], categories: [{ ...(category as NonNullable<typeof category>), tasks: (category?.tasks ?? []).slice(0, 1) }] }; // prettier-ignore
    expect(() => expandPlan(alone, library)).toThrowError(expect.objectContaining({ code: 'plan/few-tasks' }));
  });

  it('are found in cycles', () => {
    const [one, other] = collaborating as [RunSpec, RunSpec];
    const helper = (id: string) => ({ turn: 1, helpers: [id] });
    const cyclic = [
      { ...one, collaboration: helper(other.id) },
      { ...other, collaboration: helper(one.id) },
    ];
    expect(cyclicRuns([...ofTurns.filter(({ id }) => id !== one.id && id !== other.id), ...cyclic])).toContain(one.id);
  });
});
