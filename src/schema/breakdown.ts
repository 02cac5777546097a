// What is asked about the scores of snapshots by stratum, and what is answered.
import type { StratumScore } from '../metrics/strata.ts';
import type { ErrorScoresQuery } from './errorScores.ts';
import type { TrainingText } from './trainingText.ts';

export interface BreakdownQuery extends ErrorScoresQuery {
  readonly training: TrainingText;
}

/** Of one snapshot. */
export interface Breakdown {
  readonly length: readonly StratumScore[];
  readonly frequency: readonly StratumScore[];
  readonly seen: readonly StratumScore[];
}
