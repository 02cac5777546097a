// Refuses plans that no machine can run, naming the limit, and lists slicing rates that come to the same number of layers.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { isCollaborating, isSliced, jointMethods, trainsSingle } from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/planFile.ts';
import type { RunSpec } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { runCost } from './runGraph.ts';

/** Far beyond any plan that ends: a run of as many steps takes months at a hundred a second. */
const MOST = {
  categories: 1000,
  tasks: 1000,
  seeds: 1000,
  slicingRates: 1000,
  runs: 10_000,
  steps: 100_000_000,
  stepsOfPlan: 1_000_000_000,
} as const;

/** Checks what a plan file says by itself. Throws LabError `plan/too-large`. */
export function assertPlanSize({ categories, seeds, slicingRates, config }: PlanFile): void {
  assertAtMost(MOST.categories, categories.length, 'categories');
  for (const { name, tasks } of categories) assertAtMost(MOST.tasks, tasks.length, `tasks in the category ${name}`);
  assertAtMost(MOST.seeds, seeds.length, 'seeds');
  assertAtMost(MOST.slicingRates, slicingRates.length, 'slicing rates');
  assertAtMost(MOST.steps, config.steps ?? 0, 'steps of a run');
}

/** Checks how many runs a plan has before they are made; `slicings` is the number of slicings that differ. Throws LabError `plan/too-large`. */
export function assertRunCount({ methods, categories, seeds, rounds, turns = 1 }: PlanFile, slicings: number): void {
  const trainings = 1 + rounds.count;
  const perSeed = categories.reduce((sum, { tasks, typeName }) => {
    const alone = trainsSingle(methods) ? tasks.length * (methods.includes('STL') ? trainings : 1) : 0;
    const single = alone + (methods.some(isCollaborating) ? tasks.length * (turns - 1 + trainings) : 0);
    if (typeName === null) return sum + single;
    const shared = sumOf(jointMethods(methods).map((joint) => (methods.includes(joint) ? trainings : 1)));
    const sliced = methods.filter(isSliced).length * tasks.length * slicings * trainings;
    return sum + single + shared + sliced;
  }, 0);
  assertAtMost(MOST.runs, perSeed * seeds.length, 'runs (methods, tasks, slicing rates, rounds and seeds)');
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Throws LabError `plan/collaboration` where taggers should read one another whose networks cannot. */
export function assertCollaboration({ methods }: PlanFile, { name, family }: ModelRecord): void {
  const method = methods.find(isCollaborating);
  if (method === undefined || factsOf(family).collaborates === true) return;
  throw new LabError('plan/collaboration', `${method} is a method for BiLSTMs, which read one another’s states.`, {
    expected: `a network of words of the BiLSTM form (Library → Models, or bioner baseline), or a plan without ${method}`,
    got: `${name}, ${factsOf(family).article} ${factsOf(family).name}`,
  });
}

/** Checks the steps of runs on their corpora. Throws LabError `plan/too-large`. */
export function assertSteps(
  specs: readonly RunSpec[],
  library: { readonly corpora: readonly CorpusRecord[]; readonly models: readonly ModelRecord[] },
): void {
  let total = 0;
  for (const spec of specs) {
    const { steps } = runCost(spec, library);
    assertAtMost(MOST.steps, steps, 'steps of a run');
    total += steps;
  }
  assertAtMost(MOST.stepsOfPlan, total, 'steps of all runs together');
}

function assertAtMost(most: number, count: number, what: string): void {
  if (count <= most) return;
  throw new LabError('plan/too-large', `The plan is larger than any machine can train: too many ${what}.`, {
    expected: `at most ${most} ${what}`,
    got: String(count),
  });
}

/** Number of shared layers at a slicing rate: `rate * layerCount` rounded (paper, `slicingRate = k / n`). */
export function layersAtRate(rate: number, layerCount: number): number {
  return Math.round(rate * layerCount);
}

/** Lists slicing rates that share equally many layers of a model, and so are trained once. */
export function equalRates(
  rates: readonly number[],
  layerCount: number,
): readonly { readonly layers: number; readonly rates: readonly number[] }[] {
  const byLayers = new Map<number, number[]>();
  for (const rate of new Set(rates)) {
    const layers = layersAtRate(rate, layerCount);
    byLayers.set(layers, [...(byLayers.get(layers) ?? []), rate]);
  }
  return [...byLayers].flatMap(([layers, equal]) => (equal.length > 1 ? [{ layers, rates: equal }] : []));
}

/** Describes these rates in a sentence; empty without any. */
export function describeEqualRates(rates: readonly number[], layerCount: number): string {
  const equal = equalRates(rates, layerCount).map(
    (group) => `${shortList(group.rates)} (${group.layers} of ${layerCount} layers)`,
  );
  if (equal.length === 0) return '';
  return `Slicing rates that share equally many layers are trained once: ${equal.join('; ')}.`;
}

const LISTED = 4;

function shortList(rates: readonly number[]): string {
  const listed = rates.slice(0, LISTED).join(', ');
  return rates.length > LISTED ? `${listed} and ${rates.length - LISTED} more` : listed;
}
