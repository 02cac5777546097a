// Names the taggers that a person can choose, groups them, and plans the training on what was reviewed after one.
import { typesOfTags } from '../../data/corpus/tagScheme.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { areSingle } from '../../schema/methods.ts';
import type { PlanFile, PlanTask } from '../../schema/resultFile.ts';
import type { RunRecord, RunSpec } from '../../schema/runRecord.ts';
import { buildComparisons, type Comparison } from '../comparison/comparison.ts';
import { exportPlan } from '../plans/exportResult.ts';
import type { LabState } from '../state/labState.ts';
import { variantOfSpec } from '../state/runViews.ts';
import type { OfferedTagger } from './offeredTaggers.ts';

const NONE_GIVEN: GivenName = () => undefined;

/**
 * Names a tagger by its task, or by the name that a person gave its run, and by method, seed and epoch:
 * `sample-gene-b · Gene, MTL-LS 0.25, seed 1, epoch 5`.
 */
export function taggerName(
  tagger: OfferedTagger,
  layersOf: (modelId: string) => number | undefined,
  givenName: GivenName = NONE_GIVEN,
): string {
  if ('model' in tagger) {
    const { name, builtIn, tagger: head } = tagger.model;
    if (builtIn) return `${name} (shipped tagger)`;
    return head === undefined ? name : `${name}, ${head.provenance.method}, epoch ${head.provenance.epoch}`;
  }
  const { tasks, category, model, seed, round } = tagger.run.spec;
  const [task] = tasks;
  const ofTask = task === undefined ? '' : `${task.corpus.name} · ${task.type ?? 'all types'}`;
  return [
    givenName(tagger.run.spec.id) ??
      (tasks.length > 1 ? `${category?.name ?? 'tasks'} · ${tasks.length} tasks` : ofTask),
    variantOfSpec(tagger.run.spec, layersOf(model.id)),
    ...(round === 0 ? [] : [`round ${round}`]),
    `seed ${seed}`,
    `epoch ${tagger.snapshot.epoch}`,
  ].join(', ');
}

export interface TaggerGroup {
  readonly kind: 'shipped' | 'experiment' | 'imported';
  readonly name: string;
  readonly taggers: readonly OfferedTagger[];
}

/**
 * Groups taggers in the order they are offered. A run is in the first experiment that has it, which is named as a person named it, else by its data
 * and model. A tagger that comes with the lab is a built-in model with a head.
 */
export function groupTaggers(
  taggers: readonly OfferedTagger[],
  runs: readonly RunRecord[],
  layersOf: (modelId: string) => number | undefined,
  givenName: GivenName = NONE_GIVEN,
): readonly TaggerGroup[] {
  const experimentOf = new Map<string, Comparison>();
  for (const comparison of buildComparisons(runs, layersOf)) {
    const trainings = comparison.tasks.flatMap(({ variants }) => variants.flatMap((variant) => variant.trainings));
    for (const { runId } of trainings) if (!experimentOf.has(runId)) experimentOf.set(runId, comparison);
  }
  const shipped: OfferedTagger[] = [];
  const imported: OfferedTagger[] = [];
  const byExperiment = new Map<string, { readonly name: string; readonly taggers: OfferedTagger[] }>();
  for (const tagger of taggers) {
    if ('model' in tagger) {
      (tagger.model.builtIn ? shipped : imported).push(tagger);
      continue;
    }
    const experiment = experimentOf.get(tagger.run.spec.id);
    const id = experiment?.id ?? tagger.run.spec.id;
    const name = givenName(id) ?? experimentName(experiment, tagger.run);
    const group = byExperiment.get(id) ?? { name, taggers: [] };
    group.taggers.push(tagger);
    byExperiment.set(id, group);
  }
  return [
    ...(shipped.length === 0 ? [] : [{ kind: 'shipped', name: 'Comes with the lab', taggers: shipped } as const]),
    ...[...byExperiment.values()].map((group) => ({ kind: 'experiment' as const, ...group })),
    ...(imported.length === 0 ? [] : [{ kind: 'imported', name: 'Imported', taggers: imported } as const]),
  ];
}

/** `Gene, xlnet-bio-tiny`. */
function experimentName(experiment: Comparison | undefined, { spec }: RunRecord): string {
  const tasks = experiment?.tasks.map(({ task }) => task) ?? spec.tasks;
  const category = experiment === undefined ? spec.category : experiment.category;
  const names = [...new Set(tasks.map(({ corpus }) => corpus.name))];
  const [first] = names;
  const subject = category?.name ?? (names.length === 1 && first !== undefined ? first : `${names.length} corpora`);
  return `${subject}, ${spec.model.name}`;
}

// Names the taggers that a person can choose, and groups them: what comes with the lab, own experiments newest first, imported ones.

/** Returns the name that a person gave a run or an experiment; undefined where there is none. */
type GivenName = (id: string) => string | undefined;

// Plans the training on reviewed sentences: as the tagger was trained, together with the corpora it was trained on.

/** The corpora a tagger of this lab was trained on, those in the library; none for an imported tagger. */
export function corporaOfTagger(
  { corpora, runs }: Pick<LabState, 'corpora' | 'runs'>,
  tagger: { readonly kind: string; readonly runId?: string },
): readonly CorpusRecord[] {
  const spec = runs.find(({ record }) => record.spec.id === tagger.runId)?.record.spec;
  const ids = new Set(spec?.tasks.map(({ corpus }) => corpus.id));
  return corpora.filter(({ id }) => ids.has(id));
}

/** Whether the tagger's types can share one name: sentences reviewed after it can then be a further task of MTL-XC. */
export function canBeFurtherTask(types: readonly string[]): boolean {
  return types.length === 1;
}

/**
 * Returns the plan that trains on a corpus of reviewed sentences with the settings of the tagger's run; null for a tagger that no run here made.
 * A corpus that was joined with the tagger's takes its place. Otherwise it is a further task: of the category, or by MTL-XC beside the only task of
 * an STL run with one type. A tagger of several types keeps its corpus and gets a second task.
 */
export function retrainPlan(state: LabState, corpus: CorpusRecord): PlanFile | null {
  const tagger = corpus.review?.tagger;
  if (tagger?.kind !== 'snapshot') return null;
  const spec = state.runs.find(({ record }) => record.spec.id === tagger.runId)?.record.spec;
  if (spec === undefined) return null;
  const plan = { ...planOfRun(state, spec), name: `Reviewed: ${corpus.name}` };
  const input = { name: corpus.name, fingerprint: corpus.fingerprint };
  const joinedWith = corpus.review?.joinedWith ?? null;
  if (joinedWith !== null) {
    const joinedTask = (task: PlanTask): PlanTask =>
      task.corpus.name === joinedWith ? { ...task, corpus: input } : task;
    return { ...plan, categories: plan.categories.map((one) => ({ ...one, tasks: one.tasks.map(joinedTask) })) };
  }
  const [category, ...others] = plan.categories;
  const [first] = category?.tasks ?? [];
  if (category === undefined || first === undefined) return plan;
  const isAlone = areSingle(plan.methods);
  const tags = state.runs.find(({ record }) => record.spec.id === spec.id)?.record.tags ?? [];
  const only = first.type ?? onlyOf(typesOfTags(tags));
  const type = only !== null && corpus.types.includes(only) ? only : onlyOf(corpus.types);
  const tasks = [...category.tasks, { corpus: input, type }];
  if (!isAlone || only === null) return { ...plan, categories: [{ ...category, tasks }, ...others] };
  const name = `${first.corpus.name} and ${corpus.name}`;
  return { ...plan, methods: ['MTL-XC'], categories: [{ name, typeName: only, tasks }] };
}

function onlyOf(types: readonly string[]): string | null {
  return types.length === 1 ? (types[0] ?? null) : null;
}

/** The plan of a run; of one whose parents are gone, at least its tasks and settings as STL. */
function planOfRun(state: LabState, spec: RunSpec): PlanFile {
  try {
    return exportPlan(state, [spec.id]);
  } catch {
    const tasks = spec.tasks.map(({ corpus: { name, fingerprint }, type }) => ({
      corpus: { name, fingerprint },
      type,
    }));
    return {
      format: 'bioner-lab-plan',
      version: 2,
      name: 'Reviewed',
      methods: ['STL'],
      slicingRates: [],
      biases: 'released',
      frozen: false,
      model: { name: spec.model.name, fingerprint: spec.model.fingerprint },
      categories: [{ name: 'tasks', typeName: null, tasks }],
      seeds: [spec.seed],
      rounds: { count: 0, epochs: spec.config.epochs },
      config: spec.config,
    };
  }
}
