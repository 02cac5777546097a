// A difference between two trained systems on one task, with the counts or predictions to compare.
import type { Task } from '../../data/corpus/corpus.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { PairedTraining } from '../../metrics/significance/pairedTraining.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';

/** What a selected snapshot found on test: its counts where the run has them, else the stored predictions to count. */
export type CountedSource = PackedCounts | PredictionRequest;

/** Two systems on one task; A's trainings are paired with those of B by seed and round. */
export interface AskedDifference {
  /** Its corpus is read only to count predictions. */
  readonly task: Task;
  readonly trainings: readonly (Pick<PairedTraining, 'seed' | 'round' | 'snapshots'> & {
    readonly a: CountedSource;
    readonly b: CountedSource;
  })[];
}
