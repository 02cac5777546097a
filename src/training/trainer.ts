// A tagger on a device, whichever tells it: what training and evaluation ask of the plain network and of the WebGPU engine alike.
import type { Batch, BatchSize } from '../model/batch.ts';
import {
  disposeParameters,
  downloadParameters,
  uploadParameters,
  type DeviceParameters,
} from '../model/deviceParameters.ts';
import type { HostParameters, HostTensor } from '../model/parameters.ts';
import type { Progress } from '../util/work.ts';
import type { MemoryReport } from '../wire/trainingEvent.ts';
import { zeroMoments, type Moments } from './adam.ts';

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
  prepare(sizes: readonly BatchSize[]): AsyncGenerator<Progress, void>;
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

/** `moments` holds the names that are trained; other parameters stay as they are. */
export interface TrainerState {
  readonly parameters: DeviceParameters;
  readonly moments: Moments;
}

/** Before the name of a parameter's first or second moment in a checkpoint. */
export const FIRST = 'adam.first/';
export const SECOND = 'adam.second/';

/** Weights on the device, with zero moments for those that are trained. */
export function freshState(host: HostParameters, trained: (name: string) => boolean = () => true): TrainerState {
  const parameters = uploadParameters(host);
  return { parameters, moments: zeroMoments(new Map([...parameters].filter(([name]) => trained(name)))) };
}

/** A checkpoint's tensors apart: weights and moments, each under the parameter's name. */
export function tensorsWithPrefix(tensors: HostParameters): Record<'weights' | 'first' | 'second', HostParameters> {
  const part = (prefix: string): HostParameters =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(FIRST) && !name.startsWith(SECOND)));
  return { weights, first: part(FIRST), second: part(SECOND) };
}

/** The state that `checkpointTensors` was made from. */
export function restoredState(tensors: HostParameters): TrainerState {
  const { weights, first, second } = tensorsWithPrefix(tensors);
  return {
    parameters: uploadParameters(weights),
    moments: { first: uploadParameters(first), second: uploadParameters(second) },
  };
}

/** Everything a run needs to go on: weights under their names, moments under prefixed ones. */
export async function checkpointTensors({ parameters, moments }: TrainerState): Promise<HostParameters> {
  const all = new Map<string, HostTensor>(await downloadParameters(parameters));
  for (const [name, tensor] of await downloadParameters(moments.first)) all.set(FIRST + name, tensor);
  for (const [name, tensor] of await downloadParameters(moments.second)) all.set(SECOND + name, tensor);
  return all;
}

export function disposeState({ parameters, moments }: TrainerState): void {
  disposeParameters(parameters);
  disposeParameters(moments.first);
  disposeParameters(moments.second);
}
