// Parses plan files and expands them into runs, resolving their inputs in the library.
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import {
  isCollaborating,
  jointMethods,
  needsOneType,
  raceRulesOf,
  readsOthers,
  trainsSingle,
  traitsOf,
  type Method,
} from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import { planFileSchema, type PlanCategory, type PlanFile } from '../../schema/resultFile.ts';
import { neededRuns } from '../../schema/runLineage.ts';
import type { RunSpec, Slicing, TaskRef } from '../../schema/runRecord.ts';
import { fingerprint } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { validate, ownValue, parseJson } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';
import type { LabState } from '../state/labState.ts';
import { familySettings } from './presets.ts';
import { assertCollaboration, assertPlanSize, assertRunCount, assertSteps, layersAtRate } from './runGraph.ts';

type Input = PlanFile['model'];

/**
 * Finds an input by its fingerprint if it has one, whatever its name in the library; else by its name.
 * Throws LabError `plan/<noun>-missing` or `plan/<noun>-differs`, with what was expected and found.
 */
function findInput<Found extends { readonly name: string; readonly fingerprint: string }>(
  noun: 'corpus' | 'model',
  wanted: Input,
  library: readonly Found[],
): Found {
  const named = library.find(({ name }) => name === wanted.name);
  const found =
    wanted.fingerprint === undefined ? named : library.find(({ fingerprint }) => fingerprint === wanted.fingerprint);
  if (found !== undefined) return found;
  if (named === undefined) {
    const names = library.map(({ name }) => name).join(', ');
    throw new LabError(
      `plan/${noun}-missing`,
      `The plan needs the ${noun} ${wanted.name}, which is not in the library.`,
      { expected: wanted.name, got: names === '' ? 'an empty library' : names },
    );
  }
  throw new LabError(
    `plan/${noun}-differs`,
    `The ${noun} ${wanted.name} in the library differs from the one that the plan was made with.`,
    {
      expected: `fingerprint ${wanted.fingerprint?.slice(0, 16)}`,
      got: `fingerprint ${named.fingerprint.slice(0, 16)}`,
    },
  );
}

/**
 * Resolves the tasks of a category; if a corpus has a single type, it is filled in even where the plan omits it. Throws LabError
 * `plan/corpus-missing`, `plan/corpus-differs`, `plan/unknown-type`, `plan/no-train-sentences`, `plan/no-train-mentions`,
 * `plan/untyped-task` (tasks whose types are merged or asked for need one each) or `plan/task-twice`.
 */
function findTasks(
  { name: category, tasks }: PlanCategory,
  corpora: readonly CorpusRecord[],
  areTyped: boolean,
): readonly TaskRef[] {
  const found: TaskRef[] = [];
  for (const task of tasks) {
    const corpus = findInput('corpus', task.corpus, corpora);
    const type = task.type ?? (corpus.types.length === 1 ? (corpus.types[0] ?? null) : null);
    checkTask(type, corpus);
    if (type === null && areTyped) {
      throw new LabError('plan/untyped-task', `The category ${category} needs one type of the corpus ${corpus.name}.`, {
        expected: corpus.types.join(' or '),
        got: 'all types together',
      });
    }
    if (found.some((other) => other.corpus.id === corpus.id && other.type === type)) {
      throw new LabError('plan/task-twice', `The category ${category} lists a task twice.`, {
        expected: 'each task once',
        got: type === null ? corpus.name : `${corpus.name} ${type} again`,
      });
    }
    found.push({ corpus: { id: corpus.id, name: corpus.name, fingerprint: corpus.fingerprint }, type });
  }
  return found;
}

function checkTask(type: string | null, corpus: CorpusRecord): void {
  const { train } = corpus.counts;
  if (type !== null && !corpus.types.includes(type)) {
    throw new LabError('plan/unknown-type', `The corpus ${corpus.name} has no mentions of type ${type}.`, {
      expected: corpus.types.join(', ') || 'no type at all',
      got: type,
    });
  }
  if (train.sentences === 0) {
    throw new LabError('plan/no-train-sentences', `The corpus ${corpus.name} has no sentences to train on.`, {
      expected: 'a train split',
      got: `${corpus.counts.devel.sentences} devel and ${corpus.counts.test.sentences} test sentences`,
    });
  }
  const mentions = type === null ? train.mentions : (ownValue(train.perType, type) ?? 0);
  if (mentions === 0) {
    const kind = type === null ? 'mentions' : `mentions of type ${type}`;
    throw new LabError('plan/no-train-mentions', `The train split of ${corpus.name} has no ${kind} to learn from.`, {
      expected: 'at least one',
      got: '0',
    });
  }
}

/**
 * Adds the id: the first 16 hex digits of the fingerprint of every member but the id and the names of corpora, model and category, so that
 * renaming one does not create another run. It covers the parent's id, so that another MTL-XC gives another MTL-LS.
 */
export function runSpec(members: Omit<RunSpec, 'id'>): RunSpec {
  const { method, tasks, category, slicing, collaboration, round, parent, model, seed, config } = members;
  const reads = collaboration === undefined ? {} : { collaboration };
  const content = {
    method,
    tasks: tasks.map(({ corpus, type }) => ({ corpus: { id: corpus.id, fingerprint: corpus.fingerprint }, type })),
    typeName: category?.typeName ?? null,
    slicing,
    ...reads,
    round,
    parent,
    model: { id: model.id, fingerprint: model.fingerprint },
    seed,
    config,
  };
  const id = fingerprint(content).slice(0, 16);
  return { id, method, tasks, category, slicing, ...reads, round, parent, model, seed, config };
}

/** A plan with inputs resolved to library content and slicing rates to numbers of layers. */
export interface ResolvedPlan extends Pick<PlanFile, 'methods' | 'seeds' | 'rounds' | 'config'> {
  readonly turns?: number | undefined;
  readonly model: RunSpec['model'];
  readonly slicings: readonly Slicing[];
  readonly categories: readonly {
    readonly name: string;
    readonly typeName: string | null;
    readonly tasks: readonly TaskRef[];
  }[];
}

/**
 * Expands a plan into its runs without duplicates, parents first: for every category and seed, STL of each task, each joint method
 * (also when only a sliced one needs it) and its sliced ones, of each task at each slicing, then those that read other tasks' runs, each first training followed by its rounds.
 * Settings are adapted to the model's family. Of a part of a plan, only the runs that it names. Throws LabError `plan/model-missing`,
 * `plan/model-differs`, `plan/positions`, `plan/partial-head`, `plan/too-large`, `plan/unknown-run` and what `findTasks` throws.
 */
export function expandPlan(
  plan: PlanFile,
  library: { readonly corpora: readonly CorpusRecord[]; readonly models: readonly ModelRecord[] },
): readonly RunSpec[] {
  const model = findInput('model', plan.model, library.models);
  const { config, biases } = familySettings(plan, model);
  const areTyped = jointMethods(plan.methods).some(needsOneType);
  assertHead(plan, config);
  assertCollaboration(plan, model);
  assertPlanSize(plan);
  const slicings = slicedLayers(plan.slicingRates, model.layers);
  assertRunCount(plan, slicings.length);
  const specs = runsOfPlan({
    methods: plan.methods,
    seeds: plan.seeds,
    rounds: plan.rounds,
    turns: plan.turns,
    config,
    model: { id: model.id, name: model.name, fingerprint: model.fingerprint },
    slicings: slicings.map((layers) => ({
      layers,
      biases,
      frozen: plan.frozen,
    })),
    categories: plan.categories.map((category) => ({
      name: category.name,
      typeName: category.typeName,
      tasks: findTasks(category, library.corpora, areTyped),
    })),
  });
  if (plan.runs !== undefined) assertApart(plan);
  const wanted = plan.runs === undefined ? specs : partOf(specs, plan.runs);
  if (plan.search !== undefined) assertDevel(wanted, library.corpora);
  assertSteps(wanted, library);
  return wanted;
}

/** The runs of a race wait for one another. Throws LabError `plan/search-apart` for a plan whose runs cannot be trained by processes apart. */
export function assertApart({ search }: Pick<PlanFile, 'search'>): void {
  if (raceRulesOf(search) === null) return;
  throw new LabError(
    'plan/search-apart',
    'The runs of this plan search for the slicing rate and wait for one another.',
    {
      expected: 'one process for the whole plan: `bioner train PLAN.json --out DIR`',
      got: 'single runs, jobs or a workflow',
    },
  );
}

/** A search compares rates on devel. Throws LabError `plan/no-devel`. */
function assertDevel(specs: readonly RunSpec[], corpora: readonly CorpusRecord[]): void {
  const searched = specs.filter(({ method }) => method === 'MTL-LS').flatMap(({ tasks }) => tasks);
  for (const { corpus } of searched) {
    if (corpora.find(({ id }) => id === corpus.id)?.counts.devel.sentences !== 0) continue;
    throw new LabError(
      'plan/no-devel',
      `The search for the slicing rate compares rates on devel, which ${corpus.name} lacks.`,
      {
        expected: 'a devel split, or a plan without search',
        got: '0 devel sentences',
      },
    );
  }
}

/** Throws LabError `plan/partial-head` where the labels are partial and the head has no paths to sum over. */
function assertHead({ methods }: PlanFile, { head }: PlanFile['config']): void {
  const partial = jointMethods(methods).find((method) => traitsOf(method).labels === 'partial');
  if (partial === undefined || head === 'crf') return;
  throw new LabError('plan/partial-head', `${partial} learns from partial labels, which takes a CRF.`, {
    expected: 'head crf',
    got: `head ${head}`,
  });
}

/** The runs that a part of a plan names, with those that they start from. Throws LabError `plan/unknown-run`. */
function partOf(specs: readonly RunSpec[], ids: readonly string[]): readonly RunSpec[] {
  const known = new Set(specs.map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return withAncestors(specs, ids);
  throw new LabError('plan/unknown-run', 'This part of a plan names runs that its settings and inputs do not give.', {
    expected: `runs of ${known.size} that the whole plan has`,
    got: unknown.slice(0, 3).join(', ') + (unknown.length > 3 ? ` and ${unknown.length - 3} more` : ''),
  });
}

/** Runs by id with those that they start from and read, in the order of `specs`. */
export function withAncestors(specs: readonly RunSpec[], ids: readonly string[]): readonly RunSpec[] {
  const byId = new Map(specs.map((spec) => [spec.id, spec]));
  const wanted = new Set<string>();
  const next = [...ids];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    const spec = byId.get(id);
    if (spec === undefined || wanted.has(id)) continue;
    wanted.add(id);
    next.push(...neededRuns(spec));
  }
  return specs.filter(({ id }) => wanted.has(id));
}

/** Numbers of shared layers at these slicing rates, without duplicates. */
function slicedLayers(rates: readonly number[], layerCount: number): readonly number[] {
  return [...new Set(rates.map((rate) => layersAtRate(rate, layerCount)))];
}

/** The runs of `expandPlan`, for a plan whose inputs are already resolved. */
export function runsOfPlan(plan: ResolvedPlan): readonly RunSpec[] {
  const specs = new Map<string, RunSpec>();
  for (const category of plan.categories) {
    for (const seed of plan.seeds) {
      for (const spec of runsOfCategory(plan, category, seed)) specs.set(spec.id, spec);
    }
  }
  return [...specs.values()];
}

function runsOfCategory(plan: ResolvedPlan, category: ResolvedPlan['categories'][number], seed: number): RunSpec[] {
  const { methods, model, config } = plan;
  const { name, typeName } = category;
  const common = { slicing: null, round: 0, parent: null, model, seed, config };
  const specs: RunSpec[] = [];
  const single = category.tasks.map((task) => runSpec({ ...common, method: 'STL', tasks: [task], category: null }));
  if (trainsSingle(methods)) {
    for (const first of single) specs.push(...(methods.includes('STL') ? withRounds(first, plan.rounds) : [first]));
  }
  if (typeName === null) return specs;
  const together = { ...common, category: { name, typeName } };
  for (const joint of jointMethods(methods)) {
    const shared = runSpec({ ...together, method: joint, tasks: [...category.tasks] });
    specs.push(...(methods.includes(joint) ? withRounds(shared, plan.rounds) : [shared]));
    for (const method of methods.filter((one) => traitsOf(one).base === joint)) {
      for (const slicing of plan.slicings) {
        for (const task of category.tasks) {
          const sliced = runSpec({ ...together, method, tasks: [task], slicing, parent: shared.id });
          specs.push(...withRounds(sliced, plan.rounds));
        }
      }
    }
  }
  for (const method of methods.filter(readsOthers)) {
    const turns = isCollaborating(method) ? (plan.turns ?? 1) : 1;
    specs.push(...runsInTurn({ ...plan, turns }, { name, typeName }, method, single));
  }
  return specs;
}

/**
 * Runs that read those of the category's other tasks. In the first turn these are all the STL runs; later, each task reads the latest of the others,
 * those before it being of the same turn. The order is that of the tasks' content, whatever order a plan lists them in.
 */
function runsInTurn(
  { rounds, turns = 1 }: Pick<ResolvedPlan, 'rounds' | 'turns'>,
  category: NonNullable<RunSpec['category']>,
  method: Method,
  single: readonly RunSpec[],
): RunSpec[] {
  const latest = [...single].sort((left, right) => (contentKey(left) < contentKey(right) ? -1 : 1));
  const specs: RunSpec[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const before = turn === 1 ? [...latest] : latest;
    for (const [index, parent] of latest.entries()) {
      const helpers = before.flatMap(({ id }, other) => (other === index ? [] : [id]));
      const spec = runSpec({ ...parent, method, category, collaboration: { turn, helpers }, parent: parent.id });
      specs.push(...(turn === turns ? withRounds(spec, rounds) : [spec]));
      latest[index] = spec;
    }
  }
  return specs;
}

const contentKey = ({ tasks }: RunSpec): string => tasks.map(({ corpus, type }) => `${corpus.fingerprint} ${type ?? ''}`).join(); // prettier-ignore

/** A first training and the rounds that restart from its final weights (paper: 30 epochs, then 3 times 30). */
function withRounds(first: RunSpec, { count, epochs }: PlanFile['rounds']): RunSpec[] {
  const { id: parent, config } = first;
  const rounds = Array.from({ length: count }, (_, index) =>
    runSpec({ ...first, round: index + 1, parent, config: { ...config, epochs } }),
  );
  return [first, ...rounds];
}

/** Throws LabError `run/input-missing` when a run's corpora or model are no longer in the library. */
export function requireInputs({ corpora, models }: LabState, { tasks, model }: RunSpec): void {
  const missingCorpora = tasks.filter(({ corpus }) => !corpora.some(({ id }) => id === corpus.id));
  const missing = [
    ...new Set(missingCorpora.map(({ corpus }) => `the corpus ${corpus.name}`)),
    ...(models.some(({ id }) => id === model.id) ? [] : [`the model ${model.name}`]),
  ];
  if (missing.length === 0) return;
  throw new LabError(
    'run/input-missing',
    `This run needs ${missing.join(' and ')}: import the same files again to resume it.`,
  );
}

/** Throws LabError `run/parent-missing` when a run that this one starts from or reads is no longer in the lab. */
export function requireParent({ runs }: LabState, spec: RunSpec): void {
  const missing = neededRuns(spec).find((id) => !runs.some(({ record }) => record.spec.id === id));
  if (missing === undefined) return;
  throw new LabError('run/parent-missing', 'A run that this one needs was removed: start the plan again.', {
    expected: `run ${missing}`,
    got: 'none',
  });
}

const currentVersion = 2;

/**
 * Parses a plan file of this version or an earlier one. Throws LabError `plan/foreign` for other text, `plan/newer` for a later
 * version's plan, `plan/invalid` naming the first invalid member and `plan/too-large` naming a limit.
 */
export function parsePlan(text: string): PlanFile {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('plan/foreign', 'This file is not JSON.', { expected: 'a plan file', got, cause });
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format !== 'bioner-lab-plan') {
    throw new LabError('plan/foreign', 'This is not a plan file.', {
      expected: 'format bioner-lab-plan',
      got: `format ${spellValue(format)}`,
    });
  }
  if (typeof version === 'number' && version > currentVersion) {
    throw new LabError('plan/newer', 'This plan was written by a later version of the lab.', {
      expected: `version ${currentVersion} or earlier`,
      got: `version ${version}`,
    });
  }
  const parsed = validate(planFileSchema, json);
  if (parsed.isFit) {
    assertPlanSize(parsed.data);
    return parsed.data;
  }
  const { path, message } = parsed.fault;
  throw new LabError('plan/invalid', `The plan is not valid at ${path || 'the top level'}: ${message}.`);
}
