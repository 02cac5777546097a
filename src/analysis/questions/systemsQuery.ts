// Queries about several trained systems and their answers: scores, differences, and which tasks help one another.
import type { Task } from '../../data/corpus/corpus.ts';
import type { SubsetChoice, TaskAffinity } from '../../metrics/affinity/taskAffinity.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { PairedTraining } from '../../metrics/significance/bootstrapIntervals.ts';
import type { GradientsRequest, PredictionRequest } from '../../schema/storedPredictions.ts';

// Queries about training tasks together and their answers: the affinity of a run's tasks, and the choice between all tasks and subsets.

/** Asks for the affinity of the tasks of a joint run at one of its snapshots. */
export type AffinityQuery = Pick<GradientsRequest, 'runId' | 'epoch'>;

/** The estimate, from gradients that were measured with these settings. */
export interface AffinityAnswer extends Pick<GradientsRequest, 'sequences' | 'dimensions' | 'seed'> {
  /** In the order of the run's tasks. */
  readonly affinity: TaskAffinity;
  /** Devel sequences of each task that the estimate is a mean over. */
  readonly develSequences: readonly number[];
}

/** What is known of the affinity of a run's tasks; a cancelled query answers null, so that this does not. */
export interface FoundAffinity {
  /** Null where no gradients are stored for the snapshot. */
  readonly answer: AffinityAnswer | null;
}

/** Trainings on a subset as `a`, and on all tasks as `b`, each with its selected snapshot's predictions on devel. */
export interface AskedSubset {
  readonly trainings: readonly { readonly a: PredictionRequest; readonly b: PredictionRequest }[];
}

/** All tasks against subsets, for one task. */
export interface AskedChoice {
  readonly task: Task;
  readonly subsets: readonly AskedSubset[];
}

export interface FoundChoice {
  /** Null while predictions are missing. */
  readonly choice: SubsetChoice | null;
  /** The predictions that are not stored yet, each once. */
  readonly lacking: readonly PredictionRequest[];
}

// Scores of trained systems on a task and differences between them, with the counts or predictions to compute them from.

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
