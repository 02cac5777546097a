// A plan while a person puts it together: inputs by name, seeds as typed, the configuration as entered.
import type { LabState } from '../lab/labState.ts';
import { presets, type PresetName } from '../lab/presets.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import { planFileSchema, type PlanFile } from '../schema/planFile.ts';
import { changedPaths, draftOfConfig, readConfigDraft, type ConfigDraft } from './configDraft.ts';
import { format } from './format.ts';

export const PRESET_NAMES: readonly PresetName[] = ['sample', 'quick', 'paper', 'released'];

type PlanTask = PlanFile['tasks'][number];
type PlanInput = PlanFile['model'];

export interface PlanDraft {
  /** Empty: the plan is named after what it trains. */
  readonly name: string;
  readonly preset: PresetName;
  readonly method: PlanFile['method'];
  /** Null until the person chooses: the newest corpus of their own, else the first sample. */
  readonly tasks: readonly PlanTask[] | null;
  /** Null until the person chooses: the built-in model, for which the first preset is made. */
  readonly model: PlanInput | null;
  readonly seeds: string;
  /** Whether a plan file names the inputs: then one of the same name with other content is refused. */
  readonly fromFile: boolean;
  readonly config: ConfigDraft;
}

/** One input as the library has it, or what is wrong with it. */
export interface ResolvedInput<Kept> {
  readonly input: PlanInput | null;
  readonly kept: Kept | null;
  readonly problem: string | null;
}

export interface ReadPlan {
  /** Null while there are problems. */
  readonly plan: PlanFile | null;
  /** By field: `tasks.0`, `model`, `seeds`, `config.batchSize`. */
  readonly problems: ReadonlyMap<string, string>;
  readonly tasks: readonly (ResolvedInput<CorpusRecord> & { readonly type: string | null })[];
  readonly model: ResolvedInput<ModelRecord>;
  /** Settings that differ from the preset's. */
  readonly changed: ReadonlySet<string>;
  readonly estimate: StepEstimate | null;
}

/** How much training a plan asks for; an upper bound with packed sequences, which are fewer than sentences. */
export interface StepEstimate {
  readonly runs: number;
  readonly steps: number;
  readonly upperBound: boolean;
}

export function newPlanDraft(): PlanDraft {
  return {
    name: '',
    preset: 'quick',
    method: 'STL',
    tasks: null,
    model: null,
    seeds: '1',
    fromFile: false,
    config: draftOfConfig(presets.quick.config),
  };
}

/** A plan file in the form; compared with the preset it is closest to. */
export function draftOfPlan(plan: PlanFile): PlanDraft {
  return {
    name: plan.name,
    preset: nearestPreset(plan.config),
    method: plan.method,
    tasks: plan.tasks,
    model: plan.model,
    seeds: plan.seeds.join(', '),
    fromFile: true,
    config: draftOfConfig(plan.config),
  };
}

/** The preset with the fewest settings that differ. */
export function nearestPreset(config: TrainingConfig): PresetName {
  const draft = draftOfConfig(config);
  const distance = (name: PresetName) => changedPaths(draft, presets[name].config).size;
  return PRESET_NAMES.reduce((best, name) => (distance(name) < distance(best) ? name : best));
}

export function inputOf(record: { readonly name: string; readonly fingerprint: string }): PlanInput {
  return { name: record.name, fingerprint: record.fingerprint };
}

/** A corpus as the task a person most likely means: its only type, or all of several. */
export function taskOfCorpus(corpus: CorpusRecord): PlanTask {
  return { corpus: inputOf(corpus), type: corpus.types.length === 1 ? (corpus.types[0] ?? null) : null };
}

/** The one-button plan: the built-in model on a sample corpus with the sample preset. Null before they are installed. */
export function samplePlan(state: Pick<LabState, 'corpora' | 'models'>, corpusId: string | null): PlanFile | null {
  const samples = state.corpora.filter((corpus) => corpus.builtIn);
  const corpus = samples.find((sample) => sample.id === corpusId) ?? samples[0];
  const model = state.models.find((candidate) => candidate.builtIn);
  if (corpus === undefined || model === undefined) return null;
  return {
    format: 'bioner-lab-plan',
    version: 1,
    name: `Sample: ${corpus.name}`,
    method: 'STL',
    model: inputOf(model),
    tasks: [taskOfCorpus(corpus)],
    seeds: [1],
    config: presets.sample.config,
  };
}

/** What the draft comes to with the library at hand. */
export function readPlanDraft(draft: PlanDraft, library: Pick<LabState, 'corpora' | 'models'>): ReadPlan {
  const problems = new Map<string, string>();
  const tasks = (draft.tasks ?? defaultTasks(library.corpora)).map((task) => {
    const resolved = resolveInput(task.corpus, library.corpora, 'corpus', draft.fromFile);
    const unknownType = resolved.kept !== null && task.type !== null && !resolved.kept.types.includes(task.type);
    const problem = unknownType ? `The corpus has no type ${task.type}.` : resolved.problem;
    return { ...resolved, problem, type: task.type };
  });
  tasks.forEach((task, index) => task.problem !== null && problems.set(`tasks.${index}`, task.problem));
  if (tasks.length === 0) problems.set('tasks', 'Bring in a corpus first.');

  const model = resolveInput(draft.model ?? defaultModel(library.models), library.models, 'model', draft.fromFile);
  if (model.problem !== null) problems.set('model', model.problem);

  const seeds = readSeeds(draft.seeds);
  if (typeof seeds === 'string') problems.set('seeds', seeds);

  const { config, problems: configProblems } = readConfigDraft(draft.config);
  for (const [path, problem] of configProblems) problems.set(`config.${path}`, problem);

  const corpora = tasks.flatMap((task) => task.kept ?? []);
  const changed = changedPaths(draft.config, presets[draft.preset].config);
  if (problems.size > 0 || config === null || typeof seeds === 'string' || model.kept === null) {
    return { plan: null, problems, tasks, model, changed, estimate: null };
  }
  const planTasks = tasks.flatMap(({ kept, type }) => (kept === null ? [] : [{ corpus: inputOf(kept), type }]));
  const plan = planFileSchema.parse({
    format: 'bioner-lab-plan',
    version: 1,
    name: draft.name.trim() || planName(planTasks, draft.method, seeds.length),
    method: draft.method,
    model: inputOf(model.kept),
    tasks: planTasks,
    seeds: [...seeds],
    config,
  } satisfies PlanFile);
  return { plan, problems, tasks, model, changed, estimate: estimateSteps(corpora, seeds.length, config) };
}

/** Seeds separated by commas or spaces, or what is wrong with them. */
export function readSeeds(text: string): readonly number[] | string {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '');
  if (words.length === 0) return 'Enter at least one seed.';
  const seeds = words.map(Number);
  const wrong = words.find((_, index) => !isSeed(seeds[index]));
  if (wrong !== undefined) return `Expected whole numbers from 0 to 4294967295, got “${wrong}”.`;
  if (new Set(seeds).size < seeds.length) return 'A seed appears twice.';
  return seeds;
}

/** Updates of all runs of a plan: sequences over batch size, rounded up, times epochs, for every task and seed. */
export function estimateSteps(
  corpora: readonly CorpusRecord[],
  seedCount: number,
  config: TrainingConfig,
): StepEstimate {
  let steps = 0;
  for (const { counts } of corpora) {
    const sentences = counts.train.sentences + (config.trainOn === 'train+devel' ? counts.devel.sentences : 0);
    steps += Math.ceil(sentences / config.batchSize) * config.epochs * seedCount;
  }
  return { runs: corpora.length * seedCount, steps, upperBound: config.layout === 'packed' };
}

function isSeed(seed: number | undefined): boolean {
  return seed !== undefined && Number.isInteger(seed) && seed >= 0 && seed <= 4294967295;
}

function resolveInput<Kept extends { readonly name: string; readonly fingerprint: string }>(
  input: PlanInput | null,
  library: readonly Kept[],
  noun: string,
  byContent: boolean,
): ResolvedInput<Kept> {
  if (input === null) return { input, kept: null, problem: `Bring in a ${noun} first.` };
  const same = library.find((record) => record.fingerprint === input.fingerprint);
  if (same !== undefined) return { input, kept: same, problem: null };
  const namesake = library.find((record) => record.name === input.name);
  if (namesake === undefined)
    return { input, kept: null, problem: `“${input.name}” is not in the library: bring it in, or choose another.` };
  // A corpus whose source was moved to another split has new content under the name that was chosen.
  if (input.fingerprint === undefined || !byContent) return { input, kept: namesake, problem: null };
  return { input, kept: null, problem: `The ${noun} “${input.name}” here differs from the one the plan names.` };
}

function defaultTasks(corpora: readonly CorpusRecord[]): readonly PlanTask[] {
  const corpus = newestOwn(corpora);
  return corpus === undefined ? [] : [taskOfCorpus(corpus)];
}

function defaultModel(models: readonly ModelRecord[]): PlanInput | null {
  const model = models.find(({ builtIn }) => builtIn) ?? models[0];
  return model === undefined ? null : inputOf(model);
}

function newestOwn(corpora: readonly CorpusRecord[]): CorpusRecord | undefined {
  const own = corpora.filter(({ builtIn }) => !builtIn);
  if (own.length === 0) return corpora[0];
  return own.reduce((newest, corpus) => (corpus.addedAt > newest.addedAt ? corpus : newest));
}

function planName(tasks: readonly PlanTask[], method: string, seedCount: number): string {
  const [first] = tasks;
  const subject =
    tasks.length === 1 && first !== undefined
      ? format.taskName(first.corpus.name, first.type)
      : format.counted(tasks.length, 'task');
  return seedCount === 1 ? `${subject} · ${method}` : `${subject} · ${method} · ${seedCount} seeds`;
}
