// Names runs by their tasks and method, finds the snapshot and scores that represent one, and what people wrote about it.
import { useMemo } from 'react';
import type { Split } from '../../data/corpus/corpus.ts';
import { describedBy } from '../../lab/runs/descriptionRecords.ts';
import { variantOfSpec } from '../../lab/state/runViews.ts';
import { mean, spread, type EntityScores, type SplitScores, type Spread } from '../../metrics/scores/spanScore.ts';
import type { DescribedKind, Description } from '../../schema/libraryRecord.ts';
import type { EpochPoint, RunRecord, RunSpec, RunStatus, SnapshotScores, TaskRef } from '../../schema/runRecord.ts';
import { ownValue } from '../../util/validate.ts';
import { format } from './format.ts';
import { useLayers } from './memoryEstimates.ts';
import { shallow, useLab } from './useLab.ts';

/** Names the task of a single-task run, or the category of another. */
export function runName({ tasks, category }: Pick<RunSpec, 'tasks' | 'category'>): string {
  const [first] = tasks;
  if (tasks.length === 1 && first !== undefined) return taskRefName(first);
  return `${category?.name ?? 'tasks'} · ${format.counted(tasks.length, 'task')}`;
}

export function taskRefName({ corpus, type }: TaskRef): string {
  return format.taskName(corpus.name, type);
}

/** Names the method of a run: `MTL-LS 0.25, round 1`. `layers`: those of the encoder, undefined where they are not known. */
export function methodName(spec: Pick<RunSpec, 'method' | 'slicing' | 'round'>, layers: number | undefined): string {
  return `${variantOfSpec(spec, layers)}${spec.round === 0 ? '' : `, round ${spec.round}`}`;
}

export const STATUS_WORDS: Readonly<Record<RunStatus, string>> = {
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  failed: 'Failed',
  finished: 'Finished',
};

/** Returns the share of steps done, in [0, 1]; 0 until the total is known. */
export function runProgress(record: RunRecord): number {
  if (record.status === 'finished') return 1;
  return record.totalSteps === 0 ? 0 : Math.min(1, record.step / record.totalSteps);
}

/** Returns the epoch with the highest lenient devel F1, averaged over the run's tasks; the latest among equals. */
export function bestEpoch(record: RunRecord): { readonly point: EpochPoint; readonly f1: number } | null {
  let best: { readonly point: EpochPoint; readonly f1: number } | null = null;
  for (const point of record.epochs) {
    const f1 = meanF1(point.devel);
    if (f1 !== null && (best === null || f1 >= best.f1)) best = { point, f1 };
  }
  return best;
}

// Finds the snapshot whose scores represent a run, and those scores.

/** Returns the snapshot selected on devel; null until the run ends. */
export function selectedSnapshot(record: RunRecord): SnapshotScores | null {
  return record.snapshots.find((snapshot) => snapshot.epoch === record.selectedEpoch) ?? null;
}

/** Returns the F1 to show in one cell, the mean over the run's tasks: of the selected snapshot, or of the latest epoch on devel until there is one. */
export function shownF1(record: RunRecord, split: Exclude<Split, 'train'>): number | null {
  const latest = split === 'devel' ? record.epochs.at(-1)?.devel : undefined;
  return meanF1(selectedSnapshot(record)?.[split] ?? latest ?? []);
}

/** Returns the mean lenient F1 over the tasks that have scores; null if none has. */
export function meanF1(tasks: readonly (SplitScores | null)[]): number | null {
  return mean(tasks.flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1])));
}

export type Reading = 'lenient' | 'strict';
export const READINGS: readonly Reading[] = ['lenient', 'strict'];
export const MEASURES = ['precision', 'recall', 'f1'] as const;
export type Measure = (typeof MEASURES)[number];

interface SpreadOf {
  /** Index of the task in the run. */
  readonly task: number;
  readonly split: Exclude<Split, 'train'>;
  readonly reading: Reading;
  /** Null means overall. */
  readonly type: string | null;
  readonly measure: Measure;
}

/** Returns mean and deviation of a score over all snapshots that have the split; null for a type that none scored. */
export function snapshotSpread(
  snapshots: readonly SnapshotScores[],
  { task, split, reading, type, measure }: SpreadOf,
): Spread | null {
  const values = snapshots.flatMap((snapshot) => {
    const scores = snapshot[split][task];
    const score = scores == null ? undefined : scoreOf(scores[reading], type);
    return score === undefined ? [] : [score[measure]];
  });
  return spread(values);
}

export function scoreOf(scores: EntityScores, type: string | null) {
  return type === null ? scores.overall : ownValue(scores.perType, type);
}

// Provides what people wrote about runs or experiments, here or in result files.

/** Returns a function that is the same until something is written: equal descriptions are the same object. */
export function useDescriptions(kind: DescribedKind): (id: string) => Description {
  const known = useLab(({ descriptions, results }) => ({ descriptions, results }), shallow);
  return useMemo(() => describedBy(known, kind), [known, kind]);
}

/** How runs are named on a page. */
export interface RunNaming {
  readonly layersOf: (modelId: string) => number | undefined;
  /** The name that a person gave a run; undefined where there is none. */
  readonly givenName: (runId: string) => string | undefined;
}

export function useRunNaming(): RunNaming {
  const layersOf = useLayers();
  const descriptionOf = useDescriptions('runs');
  return useMemo(() => ({ layersOf, givenName: (runId) => descriptionOf(runId).name }), [layersOf, descriptionOf]);
}
