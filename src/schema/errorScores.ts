// What is asked about the scores of snapshots by kind of error, and what is answered.
import type { Task } from '../data/corpus.ts';
import type { ErrorKind } from '../metrics/errorKinds.ts';
import type { SemevalScore, SemevalView } from '../metrics/semevalScores.ts';
import type { PredictionRequest } from './storedPredictions.ts';

export interface ErrorScoresQuery {
  readonly task: Task;
  readonly predictions: readonly PredictionRequest[];
}

/** Of one snapshot. */
export interface ErrorScores {
  readonly kinds: Readonly<Record<ErrorKind, number>>;
  readonly views: Readonly<Record<SemevalView, SemevalScore>>;
}
