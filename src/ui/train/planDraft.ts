// Holds a plan and its configuration while a person edits them, as typed and valid or not, and lets any page prepare one.
import { createContext, useContext, type Dispatch, type SetStateAction } from 'react';
import { presetFor, presets, type PresetName } from '../../lab/plans/presets.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { trainingConfigSchema, type TrainingConfig } from '../../schema/config.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { areSingle, raceRulesOf, type Method, type RateSearch } from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanCategory, PlanFile, PlanTask } from '../../schema/resultFile.ts';
import { format } from '../shared/format.ts';
import { goTo } from '../shared/route.ts';
import { hasShapeOf } from '../shared/viewState.ts';
import { configFields, type ConfigField } from './configFields.ts';

// Holds a plan while a person edits it: inputs by name, numbers as typed, the configuration as entered.

export const PRESET_NAMES: readonly PresetName[] = [
  'sample',
  'quick',
  'normal',
  'paper',
  'released',
  'recurrent',
  'collabonet',
  'hunflair',
  'windows',
];

/** The rates of the paper; 0 shares only the embedding. */
export const PAPER_RATES: readonly number[] = [0, 0.25, 0.5, 0.75, 1];

export type PlanInput = PlanFile['model'];

export interface PlanDraft {
  /** Empty: the plan is named after its tasks and methods. */
  readonly name: string;
  readonly preset: PresetName;
  readonly methods: readonly Method[];
  /** Null until the person chooses: then one task on their newest corpus, else on the first sample. */
  readonly categories: readonly PlanCategory[] | null;
  readonly slicingRates: readonly number[];
  readonly biases: PlanFile['biases'];
  readonly frozen: boolean;
  /** Null until the person chooses: the built-in model, for which the first preset is made. */
  readonly model: PlanInput | null;
  readonly seeds: string;
  readonly rounds: { readonly count: string; readonly epochs: string };
  /** Whether a plan file names the inputs: then one of the same name with other content is rejected. */
  readonly fromFile: boolean;
  /** The runs that a part of a plan trains; null for all. Ids belong to settings: a change of the form makes it a whole plan. */
  readonly runs: readonly string[] | null;
  readonly config: ConfigDraft;
  /** How the slicing rate is found; absent: every rate is trained to its end. */
  readonly search?: SearchDraft | undefined;
  /** How often CollaboNet trains each task, as typed; absent: once. */
  readonly turns?: string;
}

/** A search with its numbers as typed. */
export interface SearchDraft {
  readonly policy: RateSearch['policy'];
  readonly rungs: string;
  readonly finalists: string;
  readonly choose: 'rung' | 'end';
}

/** A search as a form shows it: of a plan, or a new one that compares after half of the epochs, when scores say most for their cost. */
export function draftOfSearch(policy: RateSearch['policy'], epochs: number, search?: RateSearch): SearchDraft {
  const rules = raceRulesOf(search);
  return {
    policy,
    rungs: search?.rungs.join(', ') ?? String(Math.max(1, Math.floor(epochs / 2) || 1)),
    finalists: String(rules?.finalists ?? 2),
    choose: rules?.choose ?? 'rung',
  };
}

export function newPlanDraft(): PlanDraft {
  return {
    name: '',
    ...draftOfPreset('quick'),
    methods: ['STL'],
    categories: null,
    slicingRates: PAPER_RATES,
    biases: 'released',
    frozen: false,
    model: null,
    seeds: '1',
    fromFile: false,
    runs: null,
  };
}

/** Whether a stored value is a draft of this version of the form. */
export function isPlanDraft(stored: unknown): stored is PlanDraft {
  return stored !== null && hasShapeOf(newPlanDraft(), stored);
}

/**
 * Follows the corpora of the library as they are renamed, and as their splits are corrected, which changes their content under the same name.
 * Returns the same draft where nothing changed, and always for a plan of a file, which names content.
 */
export function followCorpora(draft: PlanDraft, corpora: readonly CorpusRecord[]): PlanDraft {
  if (draft.fromFile || draft.categories === null) return draft;
  let isSame = true;
  const categories = draft.categories.map((category) => ({
    ...category,
    tasks: category.tasks.map((task) => {
      const { name, fingerprint } = task.corpus;
      const found = corpora.find((one) => one.fingerprint === fingerprint) ?? corpora.find((one) => one.name === name);
      if (found === undefined || (found.name === name && found.fingerprint === fingerprint)) return task;
      isSame = false;
      return { ...task, corpus: inputOf(found) };
    }),
  }));
  return isSame ? draft : { ...draft, categories };
}

/** Returns what choosing a preset sets. */
export function draftOfPreset(preset: PresetName): Pick<PlanDraft, 'preset' | 'config' | 'rounds'> {
  return { preset, config: draftOfConfig(presets[preset].config), rounds: draftOfRounds(presets[preset].rounds) };
}

/** Returns what choosing a model sets: a preset, too, where the one chosen is not for such a model. */
export function withModel({ preset }: PlanDraft, model: ModelRecord): Partial<PlanDraft> {
  const fitting = presetFor(model, preset);
  return { model: inputOf(model), ...(fitting !== preset && draftOfPreset(fitting)) };
}

/** Loads a plan file into the form, compared with its closest preset. */
export function draftOfPlan(plan: PlanFile): PlanDraft {
  return {
    name: plan.name,
    preset: nearestPreset(plan.config),
    methods: plan.methods,
    categories: plan.categories,
    slicingRates: plan.slicingRates.length > 0 ? plan.slicingRates : PAPER_RATES,
    biases: plan.biases,
    frozen: plan.frozen,
    model: plan.model,
    seeds: plan.seeds.join(', '),
    rounds: draftOfRounds(plan.rounds),
    fromFile: true,
    runs: plan.runs ?? null,
    config: draftOfConfig(plan.config),
    ...(plan.turns !== undefined && { turns: String(plan.turns) }),
    ...(plan.search !== undefined && { search: draftOfSearch(plan.search.policy, plan.config.epochs, plan.search) }),
  };
}

/** Returns the preset with the fewest differing settings. */
export function nearestPreset(config: TrainingConfig): PresetName {
  const draft = draftOfConfig(config);
  const distance = (name: PresetName) => changedPaths(draft, presets[name].config).size;
  return PRESET_NAMES.reduce((best, name) => (distance(name) < distance(best) ? name : best));
}

export function inputOf(record: { readonly name: string; readonly fingerprint: string }): PlanInput {
  return { name: record.name, fingerprint: record.fingerprint };
}

/** Returns the task a person most likely wants of a corpus: its only type, or all of several. */
export function taskOfCorpus(corpus: CorpusRecord): PlanTask {
  return { corpus: inputOf(corpus), type: corpus.types.length === 1 ? (corpus.types[0] ?? null) : null };
}

/** Wraps tasks without a category, for single-task learning. */
export function looseTasks(tasks: readonly PlanTask[]): PlanCategory {
  return { name: 'tasks', typeName: null, tasks: [...tasks] };
}

/** Returns the one-button plan: the built-in model on a sample corpus with the sample preset. Null before they are installed. */
export function samplePlan(state: Pick<LabState, 'corpora' | 'models'>, corpusId: string | null): PlanFile | null {
  const samples = state.corpora.filter((corpus) => corpus.builtIn);
  const corpus = samples.find((sample) => sample.id === corpusId) ?? samples[0];
  const model = state.models.find(({ builtIn, tagger }) => builtIn && tagger === undefined);
  if (corpus === undefined || model === undefined) return null;
  return {
    format: 'bioner-lab-plan',
    version: 2,
    name: `Sample: ${corpus.name}`,
    methods: ['STL'],
    slicingRates: [],
    biases: 'released',
    frozen: false,
    model: inputOf(model),
    categories: [looseTasks([taskOfCorpus(corpus)])],
    seeds: [1],
    rounds: presets.sample.rounds,
    config: presets.sample.config,
  };
}

function draftOfRounds({ count, epochs }: PlanFile['rounds']): PlanDraft['rounds'] {
  return { count: String(count), epochs: String(epochs) };
}

// Holds a training configuration while a person edits it: the entries of the controls, valid or not.

/** Text of a number or choice, or state of a switch, by the field's path. */
export type ConfigDraft = Readonly<Record<string, string | boolean>>;

export function draftOfConfig(config: TrainingConfig): ConfigDraft {
  return Object.fromEntries(configFields.map((field) => [field.path, shownValue(memberAt(config, field.path))]));
}

type ConfigIssue = NonNullable<ReturnType<typeof trainingConfigSchema.safeParse>['error']>['issues'][number];

/** The configuration, or the problem of each invalid field. */
export function readConfigDraft(draft: ConfigDraft): {
  readonly config: TrainingConfig | null;
  readonly problems: ReadonlyMap<string, string>;
} {
  const problems = new Map<string, string>();
  const candidate: Record<string, unknown> = {};
  for (const field of configFields) {
    const entered = enteredValue(field, draft[field.path]);
    if (entered !== undefined) setMember(candidate, field.path, entered);
  }
  const parsed = trainingConfigSchema.safeParse(candidate);
  if (parsed.success) return { config: parsed.data, problems };
  for (const issue of parsed.error.issues) {
    const path = issue.path.join('.');
    if (!problems.has(path)) problems.set(path, problemText(issue, draft[path]));
  }
  return { config: null, problems };
}

/** Returns the paths whose entry differs in value from a configuration. The specials of a BERT come with the model and are no change of a preset. */
export function changedPaths(draft: ConfigDraft, from: TrainingConfig): ReadonlySet<string> {
  const changed = configFields.filter(
    (field) =>
      draft[field.path] !== 'cls-sep' &&
      enteredValue(field, draft[field.path]) !== enteredValue(field, shownValue(memberAt(from, field.path))),
  );
  return new Set(changed.map((field) => field.path));
}

/** Returns a field's value in words, as the form shows it. */
export function settingText(field: ConfigField, config: TrainingConfig): string {
  const value = shownValue(memberAt(config, field.path));
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (field.control.kind === 'choice') return field.control.options.find(([option]) => option === value)?.[1] ?? value;
  return value === '' && field.control.kind === 'number' ? (field.control.empty?.text ?? value) : value;
}

/** Converts an entry to its value; undefined for an absent setting. */
function enteredValue(field: ConfigField, entry: string | boolean | undefined): unknown {
  if (field.control.kind === 'choice') return entry === '' ? undefined : entry;
  if (field.control.kind !== 'number' || typeof entry !== 'string') return entry;
  const text = entry.trim();
  if (text === '') return field.control.empty === undefined ? Number.NaN : field.control.empty.value;
  return Number(text);
}

function problemText(issue: ConfigIssue, entry: string | boolean | undefined): string {
  if (issue.code === 'invalid_type' && typeof entry === 'string') {
    return issue.expected === 'int' ? 'Enter a whole number.' : 'Enter a number.';
  }
  if (issue.code === 'too_small') return `Must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}.`;
  if (issue.code === 'too_big') return `Must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}.`;
  if (issue.path.join('.') === 'adapters.projections')
    return 'Choose what has adapters, or leave the other fields empty.';
  if (issue.code === 'custom' && issue.path.at(-1) === 'microBatchSize') return 'Must not exceed the batch size.';
  return issue.message;
}

function shownValue(value: unknown): string | boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return format.setting(value);
  return value === null || value === undefined ? '' : String(value);
}

function memberAt(value: unknown, path: string): unknown {
  let member: unknown = value;
  for (const name of path.split('.')) member = isRecord(member) ? member[name] : undefined;
  return member;
}

function setMember(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  let place = target;
  for (const name of names) {
    const next = place[name];
    const inner = isRecord(next) ? next : {};
    place[name] = inner;
    place = inner;
  }
  place[last] = value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

// Lets any page prepare a plan in the form of the page New: on a corpus, with a model, or as earlier runs were trained.

export const DraftChangeContext = createContext<Dispatch<SetStateAction<PlanDraft>>>(() => undefined);

/** What a person brings to the form. */
interface Brought {
  readonly corpora: readonly CorpusRecord[];
  readonly models: readonly ModelRecord[];
}

/** Makes corpora the tasks of a plan for single tasks; tasks trained together stay, as they belong to a category. */
export function draftWith(draft: PlanDraft, { corpora, models }: Brought): PlanDraft {
  const isSingle = areSingle(draft.methods);
  const [model] = models;
  return {
    ...draft,
    ...(corpora.length > 0 && isSingle ? { categories: [looseTasks(corpora.map(taskOfCorpus))] } : {}),
    ...(model === undefined ? {} : withModel(draft, model)),
  };
}

interface DraftChange {
  /** Shows the form with a single task on this corpus. */
  readonly trainOn: (corpus: CorpusRecord) => void;
  /** Shows the form with this model. */
  readonly trainWith: (model: ModelRecord) => void;
  /** Shows the form as this plan fills it, with more seeds if wanted. */
  readonly trainAgain: (plan: PlanFile, moreSeeds?: number) => void;
}

export function useDraftChange(): DraftChange {
  const change = useContext(DraftChangeContext);
  const show = (next: (draft: PlanDraft) => PlanDraft): void => {
    change(next);
    goTo({ page: 'new' });
  };
  return {
    trainOn: (corpus) => show((draft) => draftWith({ ...draft, methods: ['STL'] }, { corpora: [corpus], models: [] })),
    trainWith: (model) => show((draft) => draftWith(draft, { corpora: [], models: [model] })),
    trainAgain: (plan, moreSeeds = 0) => show(() => ({ ...draftOfPlan(withSeeds(plan, moreSeeds)), fromFile: false })),
  };
}

/** Adds the lowest seeds from 1 on that the plan does not have. */
export function withSeeds(plan: PlanFile, count: number): PlanFile {
  const seeds = [...plan.seeds];
  for (let seed = 1; seeds.length < plan.seeds.length + count; seed++) if (!seeds.includes(seed)) seeds.push(seed);
  return { ...plan, seeds };
}
