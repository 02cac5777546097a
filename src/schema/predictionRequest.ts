// Which predictions are asked for: of a run's snapshot, on a split of one of its tasks.

export interface PredictionRequest {
  readonly runId: string;
  /** Of the snapshot. */
  readonly epoch: number;
  readonly split: 'devel' | 'test';
  /** Place of the task in the run. */
  readonly task: number;
}
