// How test F1 grows with the number of training sentences, over runs that differ in their share of them and in seed alone.
import { mean, spread, type Spread } from '../metrics/spread.ts';
import type { RunRecord, TaskRef } from '../schema/runRecord.ts';
import { canonicalJson } from '../util/fingerprint.ts';
import { membersOf, taskKey } from './comparison.ts';

/** Trainings on one share of the training sentences, a seed each. */
export interface LearningPoint {
  /** Of each task's training sentences; 1 for all. */
  readonly share: number;
  /** Training sentences of all tasks of a run together, rounded where seeds differ in it. */
  readonly sentences: number;
  /** Test F1 of the selected snapshots, percent, over seeds. */
  readonly f1: Spread;
}

/**
 * The curve that `run` lies on, from the fewest sentences to the most: runs of the pool on the same tasks with the same method, category, slicing,
 * round, model and settings but the share. Runs whose test F1 on `task` or whose sentences are not known are left out.
 */
export function learningCurve(run: RunRecord, task: TaskRef, pool: readonly RunRecord[]): readonly LearningPoint[] {
  const specs = new Map(pool.map(({ spec }) => [spec.id, spec]));
  const settingsOf = ({ spec }: RunRecord): string => {
    const { trainShare: _share, ...config } = spec.config;
    const { method, category, slicing, round, model } = spec;
    const tasks = spec.tasks.map(taskKey).sort();
    return canonicalJson([method, category, slicing, round, model.fingerprint, tasks, membersOf(spec, specs), config]);
  };
  const settings = settingsOf(run);
  const key = taskKey(task);
  const byShare = new Map<number, { readonly sentences: number; readonly f1: number }[]>();
  for (const record of pool) {
    if (settingsOf(record) !== settings) continue;
    const { spec, snapshots, selectedEpoch, counts } = record;
    const place = spec.tasks.findIndex((one) => taskKey(one) === key);
    const f1 = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[place]?.lenient.overall.f1;
    if (f1 === undefined || counts === null) continue;
    const sentences = counts.reduce((sum, { train }) => sum + train.sentences, 0);
    const share = spec.config.trainShare ?? 1;
    byShare.set(share, [...(byShare.get(share) ?? []), { sentences, f1 }]);
  }
  return [...byShare]
    .sort(([left], [right]) => left - right)
    .flatMap(([share, trainings]) => {
      const f1 = spread(trainings.map((training) => training.f1));
      const sentences = mean(trainings.map((training) => training.sentences));
      return f1 === null || sentences === null ? [] : [{ share, sentences: Math.round(sentences), f1 }];
    });
}
