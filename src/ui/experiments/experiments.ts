// Pools runs into experiments, names an experiment, says how far it is, and finds its best result.
import { useDeferredValue, useMemo } from 'react';
import {
  buildComparisons,
  type Comparison,
  type TaskComparison,
  type Variant,
} from '../../lab/comparison/comparison.ts';
import { mergeRuns, type MergedRuns } from '../../lab/comparison/mergeRuns.ts';
import { presets } from '../../lab/plans/presets.ts';
import { variantName } from '../../lab/state/runViews.ts';
import { droppedText } from '../../metrics/racing/raceWords.ts';
import { mean } from '../../metrics/scores/spanScore.ts';
import { isSliced, METHODS } from '../../schema/methods.ts';
import type { RunRecord, RunStatus } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { useLayers } from '../shared/memoryEstimates.ts';
import { taskRefName } from '../shared/runName.ts';
import { shallow, useLab, useRunRecords } from '../shared/useLab.ts';
import { changedPaths, draftOfConfig, nearestPreset } from '../train/planDraft.ts';

/** Pools all own and imported runs, each once. */
export function useMergedRuns(): MergedRuns {
  // Records change several times a minute; what is compared may lag behind.
  const records = useDeferredValue(useRunRecords());
  const results = useLab((state) => state.results);
  return useMemo(() => mergeRuns(records, results), [records, results]);
}

export interface Pool {
  readonly merged: MergedRuns;
  readonly comparisons: readonly Comparison[];
}

/** Pools all own and imported runs, each once, with their comparisons; null in the first moment. */
export function usePool(): Pool | null {
  const layersOf = useLayers();
  // Merging and comparing thousands of runs are two pieces of work.
  const merged = useDeferredValue(useMergedRuns(), null);
  return useMemo(() => {
    if (merged === null) return null;
    return { merged, comparisons: buildComparisons(merged.runs.map(({ record }) => record), layersOf) }; // prettier-ignore
  }, [merged, layersOf]);
}

/** Ids of the runs of this lab: the others of an experiment came with result files. */
export function useOwnRunIds(): readonly string[] {
  return useLab(({ runs }) => runs.map(({ record }) => record.spec.id), shallow);
}

/** What the experiment trains on: its category, or its tasks. */
export function experimentSubject({ category, tasks }: Comparison): string {
  const [first] = tasks;
  if (category !== null) return category.name;
  return tasks.length === 1 && first !== undefined
    ? taskRefName(first.task)
    : `${format.count(tasks.length)} separate tasks`;
}

/** `xlnet-bio-tiny · Quick look, 1 setting changed`. */
export function experimentSettings({ model, config, slicing }: Comparison): string {
  const preset = nearestPreset(config);
  const changed = changedPaths(draftOfConfig(config), presets[preset].config).size;
  return [
    model.name,
    changed === 0 ? presets[preset].label : `${presets[preset].label}, ${format.counted(changed, 'setting')} changed`,
    ...(slicing?.frozen === true ? ['shared layers frozen'] : []),
    ...(slicing?.biases === 'perLayer' ? ['biases per layer'] : []),
  ].join(' · ');
}

/** Statuses of the runs of an experiment by their ids: one run is part of several tasks' comparisons. */
export function runStatuses({ tasks }: Comparison): ReadonlyMap<string, RunStatus> {
  return new Map(
    tasks.flatMap(({ variants }) =>
      variants.flatMap(({ trainings }) => trainings.map(({ runId, status }) => [runId, status] as const)),
    ),
  );
}

/** Ids of the runs that a search for the slicing rate dropped: they are done, though not finished. */
export function droppedRuns(records: readonly RunRecord[]): ReadonlySet<string> {
  return new Set(records.filter((record) => droppedText(record) !== null).map(({ spec }) => spec.id));
}

/** The statuses that matter most, first. */
const URGENCY: readonly RunStatus[] = ['running', 'queued', 'paused', 'failed', 'stopped', 'finished'];

export interface ExperimentProgress {
  /** The most urgent status of the runs that were not dropped. */
  readonly status: RunStatus;
  readonly finished: number;
  /** Runs that are trained to their end. */
  readonly trained: number;
  /** Runs that a search dropped. */
  readonly left: number;
}

export function progressOf(experiment: Comparison, dropped: ReadonlySet<string>): ExperimentProgress {
  const runs = [...runStatuses(experiment)];
  const statuses = runs.filter(([id]) => !dropped.has(id)).map(([, status]) => status);
  return {
    status: URGENCY.find((one) => statuses.includes(one)) ?? 'finished',
    finished: statuses.filter((status) => status === 'finished').length,
    trained: statuses.length,
    left: runs.length - statuses.length,
  };
}

/** How far the runs of an experiment are: `3 of 3 runs finished, 4 dropped by the search`. */
export function progressWords(experiment: Comparison, dropped: ReadonlySet<string>): string {
  const { finished, trained, left } = progressOf(experiment, dropped);
  return `${format.count(finished)} of ${format.counted(trained, 'run')} finished${left === 0 ? '' : `, ${format.count(left)} dropped by the search`}`;
}

/** The methods of an experiment in words: `STL, MTL-XC, MTL-LS 0.00 to 1.00`. */
export function methodsText({ tasks }: Comparison): string {
  const variants = new Map(tasks.flatMap((task) => task.variants).map((variant) => [variantName(variant), variant]));
  const others = [...variants].filter(([, { method }]) => !isSliced(method)).map(([name]) => name);
  const ranges = METHODS.filter(isSliced).flatMap((method) => {
    const sliced = [...variants.values()]
      .filter((variant) => variant.method === method)
      .sort((left, right) => (left.layers ?? 0) - (right.layers ?? 0))
      .map(variantName);
    const [lowest, highest] = [sliced[0], sliced.at(-1)];
    if (lowest === undefined || highest === undefined) return [];
    return lowest === highest ? lowest : `${lowest} to ${highest.slice(method.length + 1)}`;
  });
  return [...others, ...ranges].join(', ');
}

export interface BestResult {
  readonly task: TaskComparison;
  readonly variant: Variant;
  /** Mean test F1 of the selected snapshots, in percent. */
  readonly f1: number;
}

/** Mean test F1 of the selected snapshots of a variant, in percent; null while none is finished. */
export function meanTestF1({ trainings }: Variant): number | null {
  return mean(trainings.flatMap(({ test }) => (test === null ? [] : [test.f1])));
}

/** Finds the variant with the best mean test F1 on a task; null while none is finished. */
export function bestOn(task: TaskComparison): BestResult | null {
  const scored = task.variants.flatMap((variant): BestResult[] => {
    const f1 = meanTestF1(variant);
    return f1 === null ? [] : [{ task, variant, f1 }];
  });
  return scored.reduce<BestResult | null>((best, one) => (best === null || one.f1 > best.f1 ? one : best), null);
}

/** Returns the task at this number, counted from 1; the first where there is none. */
export function taskAt({ tasks }: Comparison, number: number): TaskComparison | undefined {
  return tasks[number - 1] ?? tasks[0];
}
