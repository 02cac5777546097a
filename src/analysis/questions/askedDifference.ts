// A difference between two trained systems on one task, identified by the predictions to compare.
import type { Task } from '../../data/corpus/corpus.ts';
import type { PairedTraining } from '../../metrics/significance/pairedTraining.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';

/** Two systems on one task; A's trainings are paired with those of B by seed and round. */
export interface AskedDifference {
  readonly task: Task;
  readonly trainings: readonly (Pick<PairedTraining, 'seed' | 'round' | 'snapshots'> & {
    /** On test. */
    readonly a: PredictionRequest;
    readonly b: PredictionRequest;
  })[];
}
