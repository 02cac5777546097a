// A tagger on a device, whichever tells it: what training and evaluation ask of the plain network and of the WebGPU engine alike.
import type { Batch, BatchSize } from '../model/batch.ts';
import type { HostParameters } from '../model/parameters.ts';
import type { MemoryReport } from '../schema/trainingEvent.ts';

/** What is predicted for the sequences of one batch. */
export interface Prediction {
  /** Tags [N] of the CRF positions of each sequence: Viterbi under the CRF, the likeliest tag on its own under softmax. */
  readonly tags: readonly Int32Array[];
  /** Emissions [N, K] that they come from, read back only when asked for: before the next batch. */
  emissions(): Promise<readonly Float32Array[]>;
}

/** Weights that can be asked for tags. */
export interface Predictor {
  predict(batch: Batch): Promise<Prediction>;
  dispose(): void;
}

/** Weights that can be trained. Losses and gradient norms are summed on the device until somebody reads them. */
export interface Trainer extends Predictor {
  /**
   * Makes ready for batches of these sizes (sequences, and pieces they are padded to), so that no step waits for a compiler; tells how many
   * of those that were not ready are. Throws what training would throw on a device that fails.
   */
  prepare(sizes: readonly BatchSize[]): AsyncGenerator<{ readonly done: number; readonly total: number }, void>;
  /** One update from the micro-batches of step `step` (from 1); nothing is read back. */
  update(microBatches: readonly Batch[], step: number, learningRate: number): Promise<void>;
  /** Loss and gradient norm, summed over the steps since they were last set. */
  readPending(): Promise<readonly [loss: number, gradientNorm: number]>;
  setPending(loss: number, gradientNorm: number): void;
  weights(): Promise<HostParameters>;
  /** Everything a run needs to go on: weights under their names, moments under prefixed ones. */
  checkpointTensors(): Promise<HostParameters>;
  memory(): MemoryReport;
}
