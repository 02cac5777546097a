// The device measurements are made on, shared with tfjs as training shares it.
import * as tf from '@tensorflow/tfjs';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { EngineGpu } from '../../src/engine/device.ts';
import { describeAdapter, openDevice } from '../../src/engine/device.ts';
import type { BenchHome } from './benchReport.ts';
import type { BenchShape } from './benchShape.ts';

export interface BenchDevice {
  readonly gpu: EngineGpu;
  readonly adapter: string;
  /** Whether launches can be timed one by one. */
  readonly timestamps: boolean;
  /** Sends what tfjs has gathered. */
  sendStock(): void;
  /** Waits until the device has done everything that was sent. Throws what has gone wrong on it. */
  finish(): Promise<void>;
}

/** The GPU with activations kept or done again as a shape asks. */
export function gpuFor({ gpu }: BenchDevice, { recompute }: BenchShape): EngineGpu {
  return { ...gpu, ways: { ...gpu.ways, activations: recompute ? 'recomputed' : 'kept' } };
}

/** Throws Error where there is no adapter. */
export async function openBenchDevice(home: BenchHome): Promise<BenchDevice> {
  const adapter = await (await home.gpu())?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter == null) throw new Error('no WebGPU adapter was found');
  tf.enableProdMode();
  const { health, gpu } = await openDevice(adapter, 'bench');
  return {
    gpu,
    adapter: describeAdapter(adapter),
    timestamps: gpu.device.features.has('timestamp-query'),
    sendStock() {
      const backend = tf.backend() as WebGPUBackend;
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
    },
    async finish() {
      await gpu.device.queue.onSubmittedWorkDone();
      if (health.failure !== null) throw health.failure;
    },
  };
}
