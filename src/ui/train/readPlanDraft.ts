// Resolves a draft plan against the library: the plan, or its problems by location.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import { hasPositions, presets, specialsOf } from '../../lab/plans/presets.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { trainingConfigSchema } from '../../schema/config.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import {
  areSingle,
  isCollaborating,
  readsOthers,
  isSliced,
  rateSearchSchema,
  searchObstacles,
  type RateSearch,
  type SearchObstacle,
} from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import { planFileSchema, type PlanCategory, type PlanFile, type PlanTask } from '../../schema/resultFile.ts';
import { format, wholeNumber } from '../shared/format.ts';
import {
  changedPaths,
  inputOf,
  looseTasks,
  readConfigDraft,
  taskOfCorpus,
  type ConfigDraft,
  type PlanDraft,
  type PlanInput,
} from './planDraft.ts';

/** One input as found in the library, or its problem. */
export interface ResolvedInput<Found> {
  readonly input: PlanInput | null;
  readonly found: Found | null;
  readonly problem: string | null;
}

export type ReadTask = ResolvedInput<CorpusRecord> & { readonly type: string | null };

export interface ReadCategory {
  readonly name: string;
  readonly typeName: string | null;
  readonly tasks: readonly ReadTask[];
}

export interface ReadPlan {
  /** Null while there are problems. */
  readonly plan: PlanFile | null;
  /** Problems by location: `methods`, `slicingRates`, `categories.0`, `categories.0.tasks.0`, `model`, `seeds`, `rounds.count`, `search.rungs`, `config.batchSize`. */
  readonly problems: ReadonlyMap<string, string>;
  readonly categories: readonly ReadCategory[];
  readonly model: ResolvedInput<ModelRecord>;
  /** The settings as entered, with the specials of the model's family. */
  readonly entered: ConfigDraft;
  /** Settings that differ from the preset's. */
  readonly changed: ReadonlySet<string>;
}

/** Resolves the draft against the present library. */
export function readPlanDraft(draft: PlanDraft, library: Pick<LabState, 'corpora' | 'models'>): ReadPlan {
  const problems = new Map<string, string>();
  const together = !areSingle(draft.methods);
  const categories = (draft.categories ?? defaultCategories(library.corpora)).map((category, position) => {
    const read = readCategory(category, library.corpora, draft.fromFile);
    read.tasks.forEach(
      ({ problem }, index) => problem !== null && problems.set(`categories.${position}.tasks.${index}`, problem),
    );
    const problem = categoryProblem(read, together);
    if (problem !== null) problems.set(`categories.${position}`, problem);
    return read;
  });
  if (categories.length === 0) {
    problems.set('categories', together ? 'Choose or build a category first.' : 'Import a corpus first.');
  }
  const reading = draft.methods.find(readsOthers);
  if (reading !== undefined) {
    categories.forEach(({ tasks }, position) => {
      const place = `categories.${position}`;
      if (tasks.length < 2 && !problems.has(place)) problems.set(place, `${reading} needs at least two tasks.`);
    });
  }
  const collaborating = draft.methods.find(isCollaborating);
  const turns = collaborating === undefined ? 1 : wholeNumber(draft.turns ?? '1', 1, 100);
  if (turns === null) problems.set('turns', 'Enter a whole number from 1 to 100.');
  const names = categories.map(({ name }) => name.trim());
  if (new Set(names).size < names.length) problems.set('categories', 'Two categories have the same name.');
  const sliced = draft.methods.find(isSliced);
  if (draft.methods.length === 0) problems.set('methods', 'Choose at least one method.');
  if (sliced !== undefined && draft.slicingRates.length === 0) {
    problems.set('slicingRates', `${sliced} needs at least one slicing rate.`);
  }

  const model = resolveInput(draft.model ?? defaultModel(library.models), library.models, 'model', draft.fromFile);
  if (model.problem !== null) problems.set('model', model.problem);
  if (collaborating !== undefined && model.found !== null && factsOf(model.found.family).collaborates !== true) {
    problems.set(
      'methods',
      `${collaborating} is for networks of words of the BiLSTM form: choose such a model, or make one under Library → Models.`,
    );
  }
  const seeds = readSeeds(draft.seeds);
  if (typeof seeds === 'string') problems.set('seeds', seeds);
  const rounds = readRounds(draft.rounds, problems);
  const entered = enteredFor(draft.config, model.found);
  const { config, problems: configProblems } = readConfigDraft(entered);
  for (const [path, problem] of configProblems) problems.set(`config.${path}`, problem);
  if (config !== null && model.found !== null && !hasPositions(model.found, config)) {
    problems.set('config.maxPieces', `Must be at most ${model.found.positions}, the number of positions of the model.`);
  }

  const search = readSearch(draft, problems);
  if (search !== null && config !== null && rounds !== null) {
    const [obstacle] = searchObstacles(search, { methods: draft.methods, rounds, config });
    if (obstacle === 'epochs')
      problems.set('search', `Epoch ${Math.max(...search.rungs)} is beyond the ${config.epochs} epochs of a run.`); // prettier-ignore
    else if (obstacle !== undefined) problems.set('search', OBSTACLES[obstacle]);
  }

  const changed = changedPaths(entered, presets[draft.preset].config);
  const read = { problems, categories, model, entered, changed };
  if (problems.size > 0 || config === null || typeof seeds === 'string' || model.found === null || rounds === null) {
    return { ...read, plan: null };
  }
  const planCategories = categories.map(({ name, typeName, tasks }) => ({
    name: name.trim(),
    typeName: typeName?.trim() ?? null,
    tasks: tasks.flatMap(({ found, type }) => (found === null ? [] : [{ corpus: inputOf(found), type }])),
  }));
  const plan = planFileSchema.parse({
    format: 'bioner-lab-plan',
    version: 2,
    name: draft.name.trim() || planName(planCategories, draft, seeds.length),
    methods: [...draft.methods],
    slicingRates: sliced === undefined ? [] : [...draft.slicingRates],
    biases: draft.biases,
    frozen: draft.frozen,
    model: inputOf(model.found),
    categories: planCategories,
    seeds: [...seeds],
    rounds,
    ...(turns !== null && turns > 1 && { turns }),
    config,
    ...(draft.runs === null ? {} : { runs: [...draft.runs] }),
    ...(search === null ? {} : { search }),
  } satisfies PlanFile);
  return { ...read, plan };
}

/** Returns the settings as they apply to the model. */
function enteredFor(config: ConfigDraft, model: ModelRecord | null): ConfigDraft {
  const specials = trainingConfigSchema.shape.specials.safeParse(config.specials);
  return model === null || !specials.success ? config : { ...config, specials: specialsOf(model, specials.data) };
}

/** Parses seeds separated by commas or spaces, or returns the problem. */
export function readSeeds(text: string): readonly number[] | string {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '');
  if (words.length === 0) return 'Enter at least one seed.';
  const seeds = words.map(Number);
  const wrong = words.find((_, index) => !isSeed(seeds[index]));
  if (wrong !== undefined) return `Enter whole numbers from 0 to 4294967295, not “${wrong}”.`;
  if (new Set(seeds).size < seeds.length) return 'A seed appears twice.';
  return seeds;
}

function isSeed(seed: number | undefined): boolean {
  return seed !== undefined && Number.isInteger(seed) && seed >= 0 && seed <= 4294967295;
}

function readRounds(entered: PlanDraft['rounds'], problems: Map<string, string>): PlanFile['rounds'] | null {
  const count = wholeNumber(entered.count, 0, 100);
  const epochs = wholeNumber(entered.epochs, 1, 10_000);
  if (count === null) problems.set('rounds.count', 'Enter a whole number from 0 to 100.');
  if (epochs === null) problems.set('rounds.epochs', 'Enter a whole number from 1 to 10,000.');
  return count === null || epochs === null ? null : { count, epochs };
}

/** The search as typed; null without one, or with problems. */
function readSearch({ methods, search }: PlanDraft, problems: Map<string, string>): RateSearch | null {
  if (search === undefined || !methods.includes('MTL-LS')) return null;
  const { policy, choose } = search;
  const rungs = search.rungs.split(/[\s,;]+/).filter((word) => word !== '').map((word) => wholeNumber(word, 1, 10_000)); // prettier-ignore
  const finalists = wholeNumber(search.finalists, 1, 1000);
  const read = rateSearchSchema.safeParse({ policy, rungs, ...(policy !== 'all' && { finalists, choose }) });
  if (read.success) return read.data;
  for (const { path } of read.error.issues) {
    if (path[0] === 'finalists') problems.set('search.finalists', `Enter a whole number from ${policy === 'race' ? 2 : 1} to 1,000.`); // prettier-ignore
    else problems.set('search.rungs', policy === 'top' && rungs.length > 1 ? 'Enter one epoch.' : 'Enter epochs in increasing order, such as 1, 2, 4.'); // prettier-ignore
  }
  return null;
}

/** What the form lacks for a search. */
const OBSTACLES: Readonly<Record<Exclude<SearchObstacle, 'epochs'>, string>> = {
  methods: 'Choose MTL-LS: a search finds its slicing rate.',
  rounds: 'Set further rounds to 0: a search for the slicing rate has none.',
  trainOn: 'Train on the train split alone: a search compares rates on devel.',
  steps: 'Leave the fixed number of steps empty: a search counts in epochs.',
};

function readCategory(
  { name, typeName, tasks }: PlanCategory,
  corpora: readonly CorpusRecord[],
  byContent: boolean,
): ReadCategory {
  return {
    name,
    typeName,
    tasks: tasks.map((task) => readTask(task, corpora, byContent)),
  };
}

function readTask(task: PlanTask, corpora: readonly CorpusRecord[], byContent: boolean): ReadTask {
  const resolved = resolveInput(task.corpus, corpora, 'corpus', byContent);
  const unknownType = resolved.found !== null && task.type !== null && !resolved.found.types.includes(task.type);
  const problem = unknownType ? `The corpus has no type ${task.type}.` : resolved.problem;
  return { ...resolved, problem, type: task.type };
}

function categoryProblem({ name, typeName, tasks }: ReadCategory, together: boolean): string | null {
  if (tasks.length === 0) return 'A category needs at least one task.';
  const keys = tasks.map(({ found, type }, index) => JSON.stringify([found?.id ?? index, type]));
  if (new Set(keys).size < keys.length) return 'A task appears twice.';
  if (name.trim() === '') return 'Enter a name for the category.';
  if (!together) return null;
  return typeName === null || typeName.trim() === '' ? 'Enter the type name for the mentions of all its tasks.' : null;
}

function resolveInput<Found extends { readonly name: string; readonly fingerprint: string }>(
  input: PlanInput | null,
  library: readonly Found[],
  noun: string,
  byContent: boolean,
): ResolvedInput<Found> {
  if (input === null) return { input, found: null, problem: `Import a ${noun} first.` };
  const same = library.find((record) => record.fingerprint === input.fingerprint);
  if (same !== undefined) return { input, found: same, problem: null };
  const namesake = library.find((record) => record.name === input.name);
  if (namesake === undefined)
    return { input, found: null, problem: `“${input.name}” is not in the library: import it, or choose another.` };
  // A corpus with a source moved to another split has new content under the chosen name.
  if (input.fingerprint === undefined || !byContent) return { input, found: namesake, problem: null };
  return { input, found: null, problem: `The ${noun} “${input.name}” here differs from the one the plan names.` };
}

function defaultCategories(corpora: readonly CorpusRecord[]): readonly PlanCategory[] {
  const corpus = newestOwn(corpora);
  return corpus === undefined ? [] : [looseTasks([taskOfCorpus(corpus)])];
}

function defaultModel(models: readonly ModelRecord[]): PlanInput | null {
  // The shipped tagger may be here before the built-in model, and is a starting point only where somebody chooses it.
  const isShipped = ({ builtIn, tagger }: ModelRecord): boolean => builtIn && tagger !== undefined;
  const model = models.find((one) => one.builtIn && !isShipped(one)) ?? models.find((one) => !isShipped(one));
  return model === undefined ? null : inputOf(model);
}

function newestOwn(corpora: readonly CorpusRecord[]): CorpusRecord | undefined {
  const own = corpora.filter(({ builtIn }) => !builtIn);
  if (own.length === 0) return corpora[0];
  return own.reduce((newest, corpus) => (corpus.addedAt > newest.addedAt ? corpus : newest));
}

function planName(categories: readonly PlanCategory[], { methods }: PlanDraft, seedCount: number): string {
  const tasks = categories.flatMap((category) => category.tasks);
  const [first] = tasks;
  const together = !areSingle(methods);
  const subject = together
    ? categories.map(({ name }) => name).join(', ')
    : tasks.length === 1 && first !== undefined
      ? format.taskName(first.corpus.name, first.type)
      : format.counted(tasks.length, 'task');
  const named = `${subject} · ${methods.join(', ')}`;
  return seedCount === 1 ? named : `${named} · ${seedCount} seeds`;
}
