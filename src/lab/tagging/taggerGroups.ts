// Names the taggers that a person can choose, and groups them: what comes with the lab, own experiments newest first, imported ones.
import type { RunRecord } from '../../schema/runRecord.ts';
import { buildComparisons, type Comparison } from '../comparison/comparison.ts';
import { variantOfSpec } from '../state/methodNames.ts';
import type { OfferedTagger } from './offeredTaggers.ts';

/** Returns the name that a person gave a run or an experiment; undefined where there is none. */
type GivenName = (id: string) => string | undefined;
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
