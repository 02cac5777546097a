// Exports runs as result and plan files, with the runs they start from, their plan and their models.
import { isJoint, METHODS, readsOthers, traitsOf, type Method } from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import { sealResultFile, type PlanFile, type ResultFile } from '../../schema/resultFile.ts';
import { neededRuns } from '../../schema/runLineage.ts';
import { type RunRecord, type RunSpec, type Slicing, type TaskRef } from '../../schema/runRecord.ts';
import { canonicalJson } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import type { LabState } from '../state/labState.ts';
import { runsOfPlan, runSpec, type ResolvedPlan } from './expandPlan.ts';

type Category = ResolvedPlan['categories'][number];

/**
 * Returns the smallest plan that expands to these runs and perhaps others. `specs` must include the runs that others start from, `models` the
 * model of MTL-LS runs, whose slicing rates depend on its layers. Throws LabError `plan/empty` without runs, and `plan/mixed`, with what
 * differs, when no single plan covers all of them.
 */
export function planOfRuns(specs: readonly RunSpec[], models: readonly ModelRecord[]): PlanFile {
  const [any] = specs;
  if (any === undefined) throw new LabError('plan/empty', 'A plan needs at least one run.');
  const first = specs.find(({ round }) => round === 0);
  if (first === undefined) throw mixed('rounds together with the runs that they start from', 'rounds alone');
  for (const spec of specs) checkSameSettings(first, spec);
  const slicings = slicingsOf(specs);
  const plan: ResolvedPlan = {
    methods: methodsOf(specs),
    seeds: [...new Set(specs.map(({ seed }) => seed))].sort((left, right) => left - right),
    rounds: roundsOf(specs, first),
    turns: turnsOf(specs),
    config: first.config,
    model: first.model,
    slicings,
    categories: categoriesOf(specs),
  };
  checkContains(plan, specs);
  return {
    format: 'bioner-lab-plan',
    version: 2,
    name: planName(plan),
    methods: [...plan.methods],
    slicingRates: ratesOf(slicings, first, models),
    biases: slicings[0]?.biases ?? 'released',
    frozen: slicings[0]?.frozen ?? false,
    model: { name: first.model.name, fingerprint: first.model.fingerprint },
    categories: plan.categories.map(({ name, typeName, tasks }) => ({
      name,
      typeName,
      tasks: tasks.map(({ corpus, type }) => ({
        corpus: { name: corpus.name, fingerprint: corpus.fingerprint },
        type,
      })),
    })),
    seeds: [...plan.seeds],
    rounds: plan.rounds,
    ...(plan.turns !== undefined && { turns: plan.turns }),
    config: plan.config,
  };
}

/** Includes a method that others start from unless they alone need it, which shows in other runs having rounds and it none. */
function methodsOf(specs: readonly RunSpec[]): Method[] {
  const hasRounds = (of: readonly RunSpec[]): boolean => of.some(({ round }) => round > 0);
  return METHODS.filter((method) => {
    const own = specs.filter((spec) => spec.method === method);
    const isOnlyNeeded = specs.some((spec) => traitsOf(spec.method).base === method) && hasRounds(specs);
    return own.length > 0 && (!isOnlyNeeded || hasRounds(own));
  });
}

function roundsOf(specs: readonly RunSpec[], first: RunSpec): PlanFile['rounds'] {
  const count = specs.reduce((most, { round }) => Math.max(most, round), 0);
  const epochs = specs.find(({ round }) => round > 0)?.config.epochs ?? first.config.epochs;
  return { count, epochs };
}

/** Turns of CollaboNet; undefined for one. */
function turnsOf(specs: readonly RunSpec[]): number | undefined {
  const turns = specs.reduce((most, { collaboration }) => Math.max(most, collaboration?.turn ?? 1), 1);
  return turns === 1 ? undefined : turns;
}

function slicingsOf(specs: readonly RunSpec[]): Slicing[] {
  const slicings = new Map(specs.flatMap(({ slicing }) => (slicing === null ? [] : [[slicing.layers, slicing]])));
  return [...slicings.values()].sort((left, right) => left.layers - right.layers);
}

/** One category per set of tasks trained together or reading one another; without any, a single category of all STL tasks. */
function categoriesOf(specs: readonly RunSpec[]): Category[] {
  const categories = new Map<string, Category>();
  const byId = new Map(specs.map((spec) => [spec.id, spec]));
  const add = (category: NonNullable<RunSpec['category']>, tasks: readonly TaskRef[], key: readonly string[]): void => {
    const content = canonicalJson([category.typeName, key]);
    if (!categories.has(content)) categories.set(content, { ...category, tasks: [...tasks] });
  };
  const keysOf = (tasks: readonly TaskRef[]): string[] => tasks.map((task) => canonicalJson(contentOf(task)));
  for (const { method, category, tasks } of specs) {
    if (isJoint(method) && category !== null) add(category, tasks, keysOf(tasks));
  }
  // Tasks of runs that read one another have no order: those of a joint run, if there is one.
  const known = new Set([...categories.values()].map(({ typeName, tasks }) => canonicalJson([typeName, keysOf(tasks).sort()]))); // prettier-ignore
  for (const { method, category, tasks, collaboration } of specs) {
    if (!readsOthers(method) || category === null) continue;
    const all = [...tasks, ...(collaboration?.helpers ?? []).flatMap((id) => byId.get(id)?.tasks ?? [])];
    if (!known.has(canonicalJson([category.typeName, keysOf(all).sort()]))) add(category, all, keysOf(all).sort());
  }
  if (categories.size > 0) return [...categories.values()];
  const tasks = new Map(specs.flatMap((spec) => spec.tasks).map((task) => [canonicalJson(contentOf(task)), task]));
  return [{ name: 'tasks', typeName: null, tasks: [...tasks.values()] }];
}

function contentOf({ corpus, type }: TaskRef): readonly unknown[] {
  return [corpus.id, type];
}

function checkSameSettings(first: RunSpec, other: RunSpec): void {
  const config = other.round === 0 ? other.config : { ...other.config, epochs: first.config.epochs };
  const differing = [
    other.model.id === first.model.id ? null : 'model',
    canonicalJson(config) === canonicalJson(first.config) ? null : 'settings',
  ].filter((member) => member !== null);
  if (differing.length === 0) return;
  throw mixed('one model and the same settings', `runs that differ in ${differing.join(' and ')}`);
}

/** Recomputes the ids, because runs of earlier versions have other ids. */
function checkContains(plan: ResolvedPlan, specs: readonly RunSpec[]): void {
  const contained = new Set(runsOfPlan(plan).map(({ id }) => id));
  const outside = specs.find((spec) => !contained.has(runSpec(spec).id));
  if (outside === undefined) return;
  const { method, tasks, round } = outside;
  const subject = tasks.map(({ corpus }) => corpus.name).join(', ');
  throw mixed(
    'runs of one plan, with the runs that they start from',
    `a run of ${method} on ${subject}${round === 0 ? '' : `, round ${round}`}, which is not in the plan of the others`,
  );
}

function ratesOf(slicings: readonly Slicing[], { model }: RunSpec, models: readonly ModelRecord[]): number[] {
  if (slicings.length === 0) return [];
  const layers = models.find(({ id }) => id === model.id)?.layers;
  if (layers !== undefined) return slicings.map((slicing) => slicing.layers / layers);
  throw new LabError(
    'plan/model-missing',
    'Slicing rates depend on the number of layers of the model, which is not in the library.',
    {
      expected: `the model ${model.name}`,
      got: models.map(({ name }) => name).join(', ') || 'none',
    },
  );
}

function mixed(expected: string, got: string): LabError {
  return new LabError('plan/mixed', 'These runs belong to different plans and need separate files.', { expected, got });
}

function planName({ methods, categories }: ResolvedPlan): string {
  const subject = methods.join(', ');
  const [only] = categories;
  if (categories.length > 1 || only === undefined) return `${subject} on ${categories.length} categories`;
  const [task] = only.tasks;
  if (only.typeName !== null) return `${subject} on ${only.name}`;
  if (only.tasks.length > 1 || task === undefined) return `${subject} on ${only.tasks.length} tasks`;
  return `${subject} on ${task.corpus.name}${task.type === null ? '' : ` ${task.type}`}`;
}

/** Builds the result file of runs, own or imported. Throws LabError `run/unknown`, `plan/empty` or `plan/mixed`. */
export function exportResult(
  state: LabState,
  runIds: readonly string[],
  { software, exportedAt, descriptions }: Pick<ResultFile, 'software' | 'exportedAt' | 'descriptions'>,
): ResultFile {
  const runs = withParents(state, runIds);
  const models = modelsOf(state);
  const modelIds = [...new Set(runs.map(({ spec }) => spec.model.id))];
  return sealResultFile({
    format: 'bioner-lab-result',
    version: 2,
    software,
    exportedAt,
    plan: searchedPlan(runs, models),
    models: modelIds.flatMap((modelId) => models.find(({ id }) => id === modelId) ?? []),
    runs: [...runs],
    ...(descriptions !== undefined && { descriptions }),
  });
}

/** Builds the plan of runs, own or imported. Throws LabError `run/unknown`, `plan/empty` or `plan/mixed`. */
export function exportPlan(state: LabState, runIds: readonly string[]): PlanFile {
  return searchedPlan(withParents(state, runIds), modelsOf(state));
}

/** The plan of runs with the search that all its MTL-LS runs have in common. Throws LabError `plan/empty` or `plan/mixed`. */
function searchedPlan(runs: readonly RunRecord[], models: readonly ModelRecord[]): PlanFile {
  const plan = planOfRuns(runs.map(({ spec }) => spec), models); // prettier-ignore
  const searches = runs.flatMap(({ spec, search }) => (spec.method === 'MTL-LS' ? [search] : []));
  const [search] = searches;
  const isCommon = searches.every((other) => canonicalJson(other ?? null) === canonicalJson(search ?? null));
  return search === undefined || !isCommon ? plan : { ...plan, search };
}

/** The runs and those that they need, without duplicates, needed ones first; missing ones are omitted. Throws LabError `run/unknown` for a missing run. */
export function withParents(state: LabState, runIds: readonly string[]): readonly RunRecord[] {
  const found = new Map<string, RunRecord>();
  const known = knownRuns(state);
  // Walks a cycle, which no plan makes, once.
  const walked = new Set<string>();
  for (const runId of runIds) {
    if (!known.has(runId)) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
    const open = [runId];
    for (let id = open.at(-1); id !== undefined; id = open.at(-1)) {
      const run = known.get(id);
      const isNew = run !== undefined && !walked.has(id);
      walked.add(id);
      // A run is added once those that it needs are.
      if (isNew)
        open.push(
          ...neededRuns(run.spec)
            .filter((needed) => !walked.has(needed))
            .reverse(),
        );
      if (open.at(-1) !== id) continue;
      open.pop();
      if (run !== undefined && !found.has(id)) found.set(id, run);
    }
  }
  return [...found.values()];
}

/** The runs of the lab and of the imported results by id; the lab's own precede, then the results in order. */
function knownRuns({ runs, results }: LabState): ReadonlyMap<string, RunRecord> {
  const known = new Map<string, RunRecord>();
  const all = [...runs.map(({ record }) => record), ...results.flatMap(({ file }) => file.runs)];
  for (const run of all) if (!known.has(run.spec.id)) known.set(run.spec.id, run);
  return known;
}

function modelsOf({ models, results }: LabState): readonly ModelRecord[] {
  return [...models, ...results.flatMap(({ file }) => file.models)];
}
