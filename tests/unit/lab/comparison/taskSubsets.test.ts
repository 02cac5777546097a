// Proves that a subset's plan leaves ids of the whole category as they are, that its runs are found beside it, and that devel alone chooses.
import { describe, expect, it } from 'vitest';
import { buildComparisons, type Comparison } from '../../../../src/lab/comparison/comparison.ts';
import {
  askedChoices,
  choiceRows,
  chosenSubset,
  estimateText,
  isChoosable,
  jointTasks,
  measurableRun,
  subsetExperiments,
  subsetName,
  subsetPlan,
  suggestedSubsets,
} from '../../../../src/lab/comparison/taskSubsets.ts';
import { expandPlan, parsePlan } from '../../../../src/lab/plans/expandPlan.ts';
import type { LabState } from '../../../../src/lab/state/labState.ts';
import { chooseSubset, type TaskAffinity } from '../../../../src/metrics/affinity/taskAffinity.ts';
import type { PlanFile } from '../../../../src/schema/resultFile.ts';
import type { RunRecord } from '../../../../src/schema/runRecord.ts';
import { categoryPlan, corpusRecord, modelRecord } from '../../../fixtures/records.ts';
import { scoredRun } from '../../../fixtures/scoredRun.ts';

const names = ['fern', 'moss', 'reed'];
const library = { corpora: names.map((name) => corpusRecord(name)), models: [modelRecord('tiny', { layers: 2 })] };
const tasksOf = (...of: readonly string[]) => of.map((name) => ({ corpus: { name }, type: 'Disease' }));
const wholePlan = categoryPlan({ slicingRates: [0.5], seeds: [1, 2], categories: [{ name: 'plant', typeName: 'Disease', tasks: tasksOf(...names) }] }); // prettier-ignore
const parsed = (plan: PlanFile): PlanFile => parsePlan(JSON.stringify(plan));

/** Finished runs of a plan, with these F1 on devel and test. */
const finished = (plan: PlanFile): RunRecord[] =>
  expandPlan(plan, library).map(({ id: _, ...spec }) => scoredRun(spec, [spec.tasks.map(() => [70, 60] as const)]));

function stateOf(records: readonly RunRecord[]): LabState {
  return { ...library, runs: records.map((record) => ({ record })), results: [] } as unknown as LabState;
}

const comparisonsOf = (records: readonly RunRecord[]): readonly Comparison[] => buildComparisons(records, () => 2);
const whole = finished(wholePlan);
const experimentOf = (all: readonly Comparison[]): Comparison => {
  const found = all.find(({ category }) => category?.name === 'plant');
  if (found === undefined) throw new Error('the plan gives an experiment');
  return found;
};
const pair = jointTasks(experimentOf(comparisonsOf(whole))).filter(({ corpus }) => corpus.name !== 'reed');
const planOfPair = (): PlanFile => subsetPlan(stateOf(whole), experimentOf(comparisonsOf(whole)), whole, [pair]);

describe('subsetPlan', () => {
  it('trains the subset with the methods, seeds and rates of the whole, under ids that none of its runs has', () => {
    const plan = parsed(planOfPair());
    expect(plan).toMatchObject({ methods: ['MTL-XC', 'MTL-LS'], seeds: [1, 2], slicingRates: [0.5] });
    expect(plan.categories).toMatchObject([{ name: 'fern + moss', typeName: 'Disease', tasks: tasksOf('fern', 'moss') }]); // prettier-ignore
    const ids = new Set(whole.map(({ spec }) => spec.id));
    const own = expandPlan(plan, library);
    expect(own).toHaveLength(2 * (1 + 2));
    expect(own.filter(({ id }) => ids.has(id))).toEqual([]);
  });

  it('beside the whole category in one plan leaves every id of it as it was, and trains STL once', () => {
    const both = parsed({ ...wholePlan, categories: [...wholePlan.categories, ...planOfPair().categories] });
    const ids = expandPlan(both, library).map(({ id }) => id);
    const before = expandPlan(wholePlan, library).map(({ id }) => id);
    expect(ids.slice(0, before.length).sort()).toEqual([...before].sort());
    expect(ids.slice(before.length).sort()).toEqual(expandPlan(planOfPair(), library).map(({ id }) => id).sort()); // prettier-ignore
  });

  it('refuses one task, and tasks of others', () => {
    const experiment = experimentOf(comparisonsOf(whole));
    const refused = expect.objectContaining({ code: 'affinity/subset', expected: 'two or more of fern, moss, reed' }) as Error; // prettier-ignore
    expect(() => subsetPlan(stateOf(whole), experiment, whole, [pair.slice(0, 1)])).toThrow(refused);
    const { id, name, fingerprint } = corpusRecord('oak');
    expect(() => subsetPlan(stateOf(whole), experiment, whole, [[...pair, { corpus: { id, name, fingerprint }, type: null }]])).toThrow(refused); // prettier-ignore
  });
});

describe('choiceRows', () => {
  const all = comparisonsOf([...whole, ...finished(planOfPair())]);
  const experiment = experimentOf(all);

  it('finds subsets with equal settings, and STL as the task alone', () => {
    expect(subsetExperiments(experiment, all).map(({ category }) => category?.name)).toEqual(['fern + moss']);
    const rows = choiceRows(experiment, all);
    expect(rows.map(({ task, variant, subsets }) => [task.corpus.name, variant.method, ...subsets.map(({ name, pairs }) => `${name} ${pairs.length}`)])).toEqual([
      ['fern', 'MTL-XC', 'alone (STL) 2', 'fern + moss 2'],
      ['fern', 'MTL-LS', 'fern + moss 2'],
      ['moss', 'MTL-XC', 'alone (STL) 2', 'fern + moss 2'],
      ['moss', 'MTL-LS', 'fern + moss 2'],
      ['reed', 'MTL-XC', 'alone (STL) 2'],
    ]); // prettier-ignore
  });

  it('leaves out subsets with other settings, and is empty for a subset itself', () => {
    const other = { ...planOfPair(), config: { ...wholePlan.config, epochs: 5 } };
    const mixed = comparisonsOf([...whole, ...finished(other)]);
    expect(subsetExperiments(experimentOf(mixed), mixed)).toEqual([]);
    const subset = all.find(({ category }) => category?.name === 'fern + moss') as Comparison;
    expect(subsetExperiments(subset, all)).toEqual([]);
  });

  it('asks for devel alone, paired by seed, of the selected snapshots', () => {
    const [row] = choiceRows(experiment, all);
    const [asked] = askedChoices(row === undefined ? [] : [row]);
    const requests = asked?.subsets.flatMap(({ trainings }) => trainings.flatMap(({ a, b }) => [a, b])) ?? [];
    expect(requests).toHaveLength(8);
    expect(new Set(requests.map(({ split, epoch }) => `${split} ${epoch}`))).toEqual(new Set(['devel 1']));
    const seedOf = (id: string) => [...all.flatMap(({ tasks }) => tasks).flatMap(({ variants }) => variants)].flatMap(({ trainings }) => trainings).find(({ runId }) => runId === id)?.seed; // prettier-ignore
    for (const { a, b } of asked?.subsets.flatMap(({ trainings }) => trainings) ?? []) expect(seedOf(a.runId)).toBe(seedOf(b.runId)); // prettier-ignore
  });

  it('shows the test score of what was chosen only, and says why', () => {
    const row = choiceRows(experiment, all)[0];
    if (row === undefined) throw new Error('there is a row');
    const counts = (hits: number) => ({ gold: new Int32Array(100).fill(1), predicted: new Int32Array(100).fill(1), correct: Int32Array.from({ length: 100 }, (_, at) => (at < hits ? 1 : 0)) }); // prettier-ignore
    const choice = chooseSubset([[{ a: counts(50), b: counts(60) }], [{ a: counts(90), b: counts(60) }]]);
    expect(chosenSubset(row, { choice, lacking: [] })).toMatchObject({ name: 'fern + moss', testF1: 60, reason: expect.stringMatching(/^fern \+ moss: F1 is 30\.00 above all tasks on devel/) as string }); // prettier-ignore
    const none = chooseSubset([[{ a: counts(50), b: counts(60) }], [{ a: counts(60), b: counts(60) }]]);
    expect(chosenSubset(row, { choice: none, lacking: [] })).toMatchObject({ name: 'all tasks', testF1: 60 });
    expect(chosenSubset(row, { choice: null, lacking: [] })).toBeNull();
    const ids = new Set([...whole, ...finished(planOfPair())].map(({ spec }) => spec.id));
    expect(isChoosable(row, ids)).toBe(true);
    expect(isChoosable(row, new Set())).toBe(false);
    expect(measurableRun(experiment, new Set())).toBeNull();
    const joint = whole.find(({ spec }) => spec.method === 'MTL-XC');
    expect(measurableRun(experiment, ids)).toEqual({ runId: joint?.spec.id, epoch: 1 });
  });
});

it('says in words which subset is estimated to be best, and suggests each once', () => {
  const tasks = jointTasks(experimentOf(comparisonsOf(whole)));
  const best = [
    { subset: [0, 1], gain: { mean: 0.2, low: 0.1, high: 0.3 } },
    { subset: [0, 1], gain: { mean: 0.2, low: -0.1, high: 0.5 } },
    { subset: [0, 1, 2], gain: { mean: 0, low: 0, high: 0 } },
  ];
  const affinity = { best, subsets: [[0, 1, 2]], losses: [[0.5, 0.6, 0.7]] } as unknown as TaskAffinity;
  expect(estimateText(affinity, 0, tasks)).toBe('with moss: estimated devel loss 0.200 below all tasks (95 % interval 0.100 to 0.300)'); // prettier-ignore
  expect(estimateText(affinity, 1, tasks)).toContain('with fern: estimated devel loss 0.200 below all tasks (95 % interval -0.100 to 0.500, which includes no difference)'); // prettier-ignore
  expect(estimateText(affinity, 2, tasks)).toBe('all tasks: no subset has a lower estimated devel loss (0.700)');
  expect(suggestedSubsets(affinity, tasks).map((subset) => subsetName(subset))).toEqual(['fern + moss']);
});
