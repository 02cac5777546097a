// Finds trainings on subsets of an experiment's tasks, lays out what devel has to choose between, and plans such trainings.
import type { AskedChoice, FoundChoice } from '../../analysis/questions/systemsQuery.ts';
import { choiceText, type TaskAffinity } from '../../metrics/affinity/taskAffinity.ts';
import { mean } from '../../metrics/scores/spanScore.ts';
import { isJoint, isSliced, traitsOf } from '../../schema/methods.ts';
import type { PlanFile } from '../../schema/resultFile.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { canonicalJson } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { exportPlan } from '../plans/exportResult.ts';
import type { LabState } from '../state/labState.ts';
import { variantName } from '../state/runViews.ts';
import { membersKey, taskKey, type Comparison, type Training, type Variant } from './comparison.ts';

/** Trainings of a method on a subset of the tasks, beside those on all of them. */
export interface TrainedSubset {
  /** The tasks trained together. */
  readonly tasks: readonly TaskRef[];
  /** In words: names of its corpora, or that it is the task alone. */
  readonly name: string;
  readonly variant: Variant;
  /** Paired by seed and round. */
  readonly pairs: readonly { readonly subset: Training; readonly all: Training }[];
}

/** What devel chooses between for a task: a method on all tasks, and on subsets with the task. */
export interface ChoiceRow {
  readonly task: TaskRef;
  readonly variant: Variant;
  /** Those with at least one pair of finished trainings. */
  readonly subsets: readonly TrainedSubset[];
}

/** The tasks that the joint runs of an experiment train; none where it has no such run. */
export function jointTasks({ tasks }: Comparison): readonly TaskRef[] {
  return tasks.flatMap(({ task, variants }) => (variants.some(({ method }) => isJoint(method)) ? [task] : []));
}

/** The first finished joint run of an experiment at its selected snapshot, by method, seed and round; null before there is one. */
export function measurableRun(
  { tasks }: Comparison,
  own: ReadonlySet<string>,
): { readonly runId: string; readonly epoch: number } | null {
  for (const { variants } of tasks) {
    for (const { method, trainings } of variants) {
      if (!isJoint(method)) continue;
      for (const { runId, selectedEpoch, status } of trainings) {
        if (status === 'finished' && selectedEpoch !== null && own.has(runId)) return { runId, epoch: selectedEpoch };
      }
    }
  }
  return null;
}

/**
 * Other experiments of the pool whose joint runs train fewer of the same tasks: with the same model, settings, kind of slicing and type name. Their
 * categories have other names.
 */
export function subsetExperiments(whole: Comparison, pool: readonly Comparison[]): readonly Comparison[] {
  const all = new Set(jointTasks(whole).map(taskKey));
  const settings = (one: Comparison): string =>
    canonicalJson([one.model.id, one.config, one.category?.typeName ?? null]);
  const ofWhole = settings(whole);
  return pool.filter((other) => {
    const members = jointTasks(other);
    const isSubset = members.length < all.size && members.every((task) => all.has(taskKey(task)));
    const isAlike = other.slicing === null || whole.slicing === null || canonicalJson(other.slicing) === canonicalJson(whole.slicing); // prettier-ignore
    return members.length > 1 && isSubset && isAlike && settings(other) === ofWhole;
  });
}

/**
 * A row for each task and each joint or sliced method that the experiment trained on all tasks and that was trained on a subset, too. STL counts as
 * the subset of one task, beside joint methods. By task, then method; none where devel was trained on.
 */
export function choiceRows(whole: Comparison, pool: readonly Comparison[]): readonly ChoiceRow[] {
  if (whole.config.trainOn !== 'train') return [];
  const members = new Set(jointTasks(whole).map(taskKey));
  const others = subsetExperiments(whole, pool);
  return whole.tasks.flatMap(({ task, variants }) => {
    if (!members.has(taskKey(task))) return [];
    return variants.flatMap((variant): ChoiceRow[] => {
      if (!isJoint(variant.method) && !isSliced(variant.method)) return [];
      const alone = isJoint(variant.method) ? variants.filter(({ method }) => traitsOf(method).kind === 'single') : [];
      const together = others.flatMap((other) => {
        const found = other.tasks.find((one) => taskKey(one.task) === taskKey(task))?.variants ?? [];
        const same = found.filter((one) => one.method === variant.method && one.layers === variant.layers);
        return same.map((one) => ({ variant: one, tasks: jointTasks(other) }));
      });
      const subsets = [...alone.map((one) => ({ variant: one, tasks: [task] })), ...together].flatMap((subset) => {
        const pairs = pairedTrainings(subset.variant, variant);
        return pairs.length === 0 ? [] : [{ ...subset, name: subsetName(subset.tasks, subset.variant), pairs }];
      });
      const distinct = new Map(subsets.map((subset) => [membersKey(subset.tasks), subset]));
      return distinct.size === 0 ? [] : [{ task, variant, subsets: [...distinct.values()] }];
    });
  });
}

function pairedTrainings(subset: Variant, all: Variant): TrainedSubset['pairs'] {
  return subset.trainings.flatMap((one) => {
    const other = all.trainings.find(({ seed, round }) => seed === one.seed && round === one.round);
    return other !== undefined && isScored(one) && isScored(other) ? [{ subset: one, all: other }] : [];
  });
}

function isScored({ status, selectedEpoch }: Training): boolean {
  return status === 'finished' && selectedEpoch !== null;
}

/** `a + b`, types where a corpus occurs twice; `STL` for a task alone. */
export function subsetName(tasks: readonly TaskRef[], variant?: Variant): string {
  if (tasks.length === 1 && variant !== undefined) return `alone (${variantName(variant)})`;
  const names = tasks.map(({ corpus }) => corpus.name);
  return tasks.map(({ corpus, type }) => (names.filter((name) => name === corpus.name).length > 1 ? `${corpus.name} ${type ?? ''}` : corpus.name)).join(' + '); // prettier-ignore
}

/** What to ask of devel for these rows, in order. */
export function askedChoices(rows: readonly ChoiceRow[]): readonly AskedChoice[] {
  return rows.map(({ task, subsets }) => ({
    task: { corpusId: task.corpus.id, type: task.type },
    subsets: subsets.map(({ pairs }) => ({
      trainings: pairs.map(({ subset, all }) => ({ a: develRequest(subset), b: develRequest(all) })),
    })),
  }));
}

function develRequest({ runId, selectedEpoch, index }: Training): PredictionRequest {
  return { runId, epoch: selectedEpoch ?? 0, split: 'devel', task: index };
}

/** Whether the snapshots of all trainings of a row are in this lab. */
export function isChoosable({ subsets }: ChoiceRow, own: ReadonlySet<string>): boolean {
  return subsets.every(({ pairs }) => pairs.every(({ subset, all }) => own.has(subset.runId) && own.has(all.runId)));
}

/** The predictions that choices lack, each once. */
export function lackingOf(found: readonly FoundChoice[]): readonly PredictionRequest[] {
  return [...new Map(found.flatMap(({ lacking }) => lacking).map((one) => [JSON.stringify(one), one])).values()];
}

/** A choice by devel in words, and the test F1 of what was chosen; nothing of test decides, and no other test score is shown. */
export interface ChosenSubset {
  readonly name: string;
  readonly reason: string;
  /** Mean over the trainings that were compared; null where test is empty. */
  readonly testF1: number | null;
}

/** Null while the choice is not known. */
export function chosenSubset({ subsets }: ChoiceRow, { choice }: FoundChoice): ChosenSubset | null {
  if (choice === null) return null;
  const chosen = choice.chosen === null ? null : subsets[choice.chosen];
  const trainings =
    chosen == null
      ? [...new Set(subsets.flatMap(({ pairs }) => pairs.map(({ all }) => all)))]
      : chosen.pairs.map(({ subset }) => subset);
  return {
    name: chosen?.name ?? 'all tasks',
    reason: choiceText(choice, subsets.map(({ name }) => name)), // prettier-ignore
    testF1: mean(trainings.flatMap(({ test }) => (test === null ? [] : [test.f1]))),
  };
}

/**
 * Returns the plan that trains subsets of the tasks of an experiment, each as a category, with the joint and sliced methods, seeds, rates, search and
 * settings of its runs. The runs on all tasks are not among them, and their ids stay as they are. Throws LabError `affinity/subset` for a subset of fewer
 * than two tasks or tasks that are not the experiment's, and as `exportPlan` does.
 */
export function subsetPlan(
  state: LabState,
  whole: Comparison,
  records: readonly RunRecord[],
  subsets: readonly (readonly TaskRef[])[],
): PlanFile {
  const together = records.filter(({ spec }) => isJoint(spec.method) || isSliced(spec.method));
  const plan = exportPlan(state, together.map(({ spec }) => spec.id)); // prettier-ignore
  const known = new Set(jointTasks(whole).map(taskKey));
  const typeName = whole.category?.typeName ?? null;
  const categories = subsets.map((tasks) => {
    if (tasks.length < 2 || tasks.some((task) => !known.has(taskKey(task)))) {
      throw new LabError('affinity/subset', 'These tasks cannot be trained together as a subset.', {
        expected: `two or more of ${jointTasks(whole).map(({ corpus }) => corpus.name).join(', ')}`,
        got: tasks.map(({ corpus }) => corpus.name).join(', ') || 'none',
      }); // prettier-ignore
    }
    const name = subsetName(tasks);
    const inputs = tasks.map(({ corpus, type }) => ({ corpus: { name: corpus.name, fingerprint: corpus.fingerprint }, type })); // prettier-ignore
    return { name, typeName, tasks: inputs };
  });
  const names = categories.map(({ name }) => name).join(', ');
  return { ...plan, name: `${plan.methods.join(', ')} on ${names}`, categories };
}

/** Says which subset the estimate is lowest for, and by how much, for the task at this index. */
export function estimateText(
  { best, losses, subsets }: TaskAffinity,
  index: number,
  tasks: readonly TaskRef[],
): string {
  const found = best[index];
  if (found === undefined) return 'no estimate';
  const { subset, gain } = found;
  if (subset.length === tasks.length) {
    const all = losses[subsets.length - 1]?.[index] ?? 0;
    return `all tasks: no subset has a lower estimated devel loss (${all.toFixed(3)})`;
  }
  const name = subset.length === 1 ? 'alone' : `with ${subsetName(partnersOf(subset, index, tasks))}`;
  const isClear = gain.low > 0;
  const interval = `95 % interval ${gain.low.toFixed(3)} to ${gain.high.toFixed(3)}`;
  return `${name}: estimated devel loss ${gain.mean.toFixed(3)} below all tasks (${interval}${isClear ? '' : ', which includes no difference'})`;
}

function partnersOf(subset: readonly number[], index: number, tasks: readonly TaskRef[]): readonly TaskRef[] {
  return subset.flatMap((task) => (task === index ? [] : (tasks[task] ?? [])));
}

/** The subsets of two tasks or more that are estimated to be better than all tasks for one of them, each once; `tasks` in the order of the run. */
export function suggestedSubsets({ best }: TaskAffinity, tasks: readonly TaskRef[]): readonly (readonly TaskRef[])[] {
  const found = best.flatMap(({ subset }) => {
    const named = subset.flatMap((task) => tasks[task] ?? []);
    return named.length < 2 || named.length === tasks.length ? [] : [named];
  });
  return [...new Map(found.map((subset) => [membersKey(subset), subset])).values()];
}
