// What the backend says it holds.
import * as tf from '@tensorflow/tfjs';

/** `gpuBytes` counts buffers the GPU has allocated, pool included; null on backends without one. */
export function memoryReport(): {
  readonly liveTensors: number;
  readonly tensorBytes: number;
  readonly gpuBytes: number | null;
} {
  const memory = tf.memory() as tf.MemoryInfo & { readonly numBytesAllocatedInGPU?: number };
  return {
    liveTensors: memory.numTensors,
    tensorBytes: memory.numBytes,
    gpuBytes: memory.numBytesAllocatedInGPU ?? null,
  };
}
