// A difference between two trained systems on one task, named by the predictions that it is judged from.
import type { Task } from '../../data/corpus/corpus.ts';
import type { PairedTraining } from '../../metrics/significance/pairedTraining.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';

/** Two systems on one task, A's trainings beside those of B that share seed and round. */
export interface AskedDifference {
  readonly task: Task;
  readonly trainings: readonly (Pick<PairedTraining, 'seed' | 'round' | 'snapshots'> & {
    /** On test. */
    readonly a: PredictionRequest;
    readonly b: PredictionRequest;
  })[];
}
