// Queries about training tasks together and their answers: the affinity of a run's tasks, and the choice between all tasks and subsets.
import type { Task } from '../../data/corpus/corpus.ts';
import type { SubsetChoice } from '../../metrics/affinity/subsetChoice.ts';
import type { TaskAffinity } from '../../metrics/affinity/taskAffinity.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import type { GradientsRequest } from '../../schema/storedGradients.ts';

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
