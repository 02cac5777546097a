// Scores of trained systems on a task and differences between them, with the counts or predictions to compute them from.
import type { Task } from '../../data/corpus/corpus.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { PairedTraining } from '../../metrics/significance/pairedTraining.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';

/** What a selected snapshot found on test: its counts where the run has them, else the stored predictions to count. */
export type CountedSource = PackedCounts | PredictionRequest;

/** A system on one task, trained once or several times. */
export interface AskedScore {
  /** Its corpus is read only to count predictions. */
  readonly task: Task;
  readonly sources: readonly CountedSource[];
}

/** Test F1 in percent, the mean over the trainings that are counted, with the bootstrap interval of 95 % over sentences. */
export interface IntervalScore {
  readonly f1: number;
  readonly low: number;
  readonly high: number;
  readonly trainings: number;
}

/** What is known of an asked score. */
export interface FoundScore {
  /** Null until there is something to count. */
  readonly score: IntervalScore | null;
  /** Indices of the sources that are not stored. */
  readonly lacking: readonly number[];
}

/** Two systems on one task; A's trainings are paired with those of B by seed and round. */
export interface AskedDifference {
  /** Its corpus is read only to count predictions. */
  readonly task: Task;
  readonly trainings: readonly (Pick<PairedTraining, 'seed' | 'round' | 'snapshots'> & {
    readonly a: CountedSource;
    readonly b: CountedSource;
  })[];
}
