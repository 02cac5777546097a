// Opens the device for measurements, shared with tfjs as in training.
import * as tf from '@tensorflow/tfjs';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { describeAdapter, openDevice } from '../src/engine/gpu/device.ts';
import { computeOptionsFor, type EngineGpu } from '../src/engine/network/computeOptions.ts';
import { recordedProducts, tuneMatmul } from '../src/engine/tuning/autotune.ts';
import { defaultMachineSettings } from '../src/schema/machineSettings.ts';
import { drain } from '../src/util/clock.ts';
import type { BenchHome } from './benchReport.ts';
import { configOf, taggerOf, type BenchShape } from './benchShape.ts';

export interface BenchDevice {
  readonly gpu: EngineGpu;
  readonly adapter: string;
  /** Whether launches can be timed one by one. */
  readonly timestamps: boolean;
  /** Submits what tfjs has queued. */
  sendStock(): void;
  /** Waits until the device has completed everything submitted. Throws the device's error, if any. */
  finish(): Promise<void>;
}

/** Throws Error if there is no adapter. */
export async function openBenchDevice(home: BenchHome): Promise<BenchDevice> {
  const adapter = await (await home.gpu())?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter == null) throw new Error('no WebGPU adapter was found');
  tf.enableProdMode();
  const { health, gpu: opened } = await openDevice(adapter, 'bench');
  const gpu = { ...opened, compute: computeOptionsFor(opened) };
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

/** Time a run may spend on tuning before it begins. */
const TUNING_BUDGET_MS = 30_000;

/**
 * Returns the GPU with the options required by the shape. Products are tuned as at the start of a run, so not on a software
 * adapter. Throws Error if mixed precision needs f16 and the adapter lacks it.
 */
export async function gpuFor({ gpu }: BenchDevice, shape: BenchShape, say: (line: string) => void): Promise<EngineGpu> {
  const { precision, recompute, batch, length } = shape;
  if (precision === 'mixed' && !gpu.device.features.has('shader-f16')) {
    throw new Error('mixed precision needs an adapter with shader-f16, which this one has not');
  }
  const settings = { ...defaultMachineSettings, precision, activations: recompute ? 'recomputed' : 'kept' } as const;
  const untuned = computeOptionsFor(gpu, settings);
  if (!shape.tuned || gpu.software) return { ...gpu, compute: untuned };
  const products = recordedProducts(taggerOf(shape), configOf(shape).dropout, { size: batch, pieces: length });
  const { adapter, pipelines } = gpu;
  const options = { adapter, precision, untuned: untuned.tuning, budgetMs: TUNING_BUDGET_MS, pipelines };
  const tuning = tuneMatmul(gpu.device, products, options);
  const table = await drain(tuning, ({ done, of }) => say(`tuning matrix products, ${done} of ${of}`));
  return { ...gpu, compute: computeOptionsFor(gpu, settings, table) };
}
