// Plans the training on reviewed sentences: as the tagger was trained, together with the corpora it was trained on.
import { typesOfTags } from '../../data/corpus/tagSet.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { areSingle } from '../../schema/methods.ts';
import type { PlanFile, PlanTask } from '../../schema/planFile.ts';
import type { RunSpec } from '../../schema/runRecord.ts';
import { exportPlan } from '../plans/exportResult.ts';
import type { LabState } from '../state/labState.ts';

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
