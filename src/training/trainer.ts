// Declares the interface of trainers and predictors, which plain tfjs and the WebGPU engine share, and the state of the former.
import type { Batch, BatchSize } from '../model/blocks/batch.ts';
import {
  disposeParameters,
  downloadParameters,
  uploadParameters,
  type DeviceParameters,
} from '../model/blocks/deviceParameters.ts';
import { isSaved } from '../model/adapters.ts';
import {
  FIRST,
  SECOND,
  tensorsWithPrefix,
  type HostParameters,
  type HostTensor,
} from '../model/blocks/hostParameters.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import type { Progress } from '../util/work.ts';
import type { MemoryReport } from '../wire/trainingEvent.ts';
import { zeroMoments, type Moments } from './adam.ts';

/** Predictions for the sequences of one batch. */
export interface Prediction {
  /** Tags [N] of the CRF positions of each sequence: Viterbi for the CRF, per-position argmax for softmax. */
  readonly tags: readonly Int32Array[];
  /** Emissions [N, K] behind the tags, read back on request only; call it before the next batch. */
  emissions(): Promise<readonly Float32Array[]>;
}

/** Predicts tags with fixed weights. */
export interface Predictor {
  predict(batch: Batch): Promise<Prediction>;
  dispose(): void;
}

/** Trains weights. Losses and gradient norms are summed on the device until they are read. */
export interface Trainer extends Predictor {
  /**
   * Prepares for batches of these sizes (sequences, and pieces they are padded to), so that no step waits for a compiler; yields progress
   * over the sizes not yet prepared. Throws what training would throw on a failing device.
   */
  prepare(sizes: readonly BatchSize[]): AsyncGenerator<Progress, void>;
  /** Performs one update from the micro-batches of step `step` (from 1); reads nothing back. */
  update(microBatches: readonly Batch[], step: number, learningRate: number): Promise<void>;
  /** Reads loss and gradient norm, summed over the steps since they were last set. */
  readPending(): Promise<readonly [loss: number, gradientNorm: number]>;
  setPending(loss: number, gradientNorm: number): void;
  weights(): Promise<HostParameters>;
  /** Everything needed to resume besides weights that adapters leave as pretrained: weights under their names, moments under prefixed ones. */
  checkpointTensors(): Promise<HostParameters>;
  memory(): MemoryReport;
}

/** Measures losses and gradients at fixed weights. */
export interface GradientMeter {
  /** Mean loss of the batch's sequences without dropout, and its gradient for every trained parameter. */
  measure(batch: Batch): Promise<{ readonly loss: number; readonly gradients: HostParameters }>;
  dispose(): void;
}

/** `moments` contains the trained parameters; others stay unchanged. */
export interface TrainerState {
  readonly parameters: DeviceParameters;
  readonly moments: Moments;
}

/** Uploads weights, with zero moments for the trained ones. */
export function freshState(host: HostParameters, trained: (name: string) => boolean = () => true): TrainerState {
  const parameters = uploadParameters(host);
  return { parameters, moments: zeroMoments(new Map([...parameters].filter(([name]) => trained(name)))) };
}

/** Restores the state saved by `checkpointTensors`, the pretrained weights among the tensors. */
export function restoredState(tensors: HostParameters): TrainerState {
  const { weights, first, second } = tensorsWithPrefix(tensors);
  return {
    parameters: uploadParameters(weights),
    moments: { first: uploadParameters(first), second: uploadParameters(second) },
  };
}

/** See `Trainer.checkpointTensors`. */
export async function checkpointTensors(
  { parameters, moments }: TrainerState,
  encoder: Pick<EncoderConfig, 'adapters'> = {},
): Promise<HostParameters> {
  const saved = new Map([...parameters].filter(([name]) => isSaved(name, encoder)));
  const all = new Map<string, HostTensor>(await downloadParameters(saved));
  for (const [name, tensor] of await downloadParameters(moments.first)) all.set(FIRST + name, tensor);
  for (const [name, tensor] of await downloadParameters(moments.second)) all.set(SECOND + name, tensor);
  return all;
}

export function disposeState({ parameters, moments }: TrainerState): void {
  disposeParameters(parameters);
  disposeParameters(moments.first);
  disposeParameters(moments.second);
}
