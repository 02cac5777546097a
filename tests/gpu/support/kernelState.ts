// The state for tests of kernels, and the matching dropout masks.
import { stateWords } from '../../../src/engine/gpu/kernel.ts';
import { dropoutKey, dropoutMask, type DropoutSite, type DropoutStream } from '../../../src/model/blocks/dropout.ts';

export const LAYERS = 2;
const stream: DropoutStream = { seed: 5, step: 7, microBatch: 1 };

export function kernelState(accumulate = false): Uint32Array<ArrayBuffer> {
  const numbers = { inverseSequences: 1, stepSize: 1, rootCorrection: 1, lossScale: 1 };
  return stateWords(LAYERS, { accumulate, ...numbers, stream });
}

/** The plain model's mask; ones if `rate` is 0. */
export function plainMask(length: number, rate: number, layer: number, site: DropoutSite): Float32Array {
  return rate === 0 ? new Float32Array(length).fill(1) : dropoutMask(length, rate, dropoutKey(stream, layer, site));
}
