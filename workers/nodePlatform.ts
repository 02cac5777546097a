// Provides the engine's platform in Node: Dawn through the `webgpu` package, wasm binaries from node_modules.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';
import { processorFeatures } from '../src/engine/processor/processorModule.ts';
import type { ProcessorThread, ThreadTask } from '../src/engine/processor/threadPool.ts';
import type { Platform } from '../src/engine/start/startBackend.ts';

const wasmFolder = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')),
  'dist',
);

// Node 20 has the multiply-adds that browsers and later versions have, in their final form, behind a flag: with them its bits are those of browsers.
if (!processorFeatures().relaxed) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');

/** As in the browser. */
const USUAL_THREADS = 16;
const MOST_THREADS = 64;

/** A thread that does not keep the process alive. */
function openThread(): Promise<ProcessorThread> {
  const worker = new Worker(new URL('./nodeThread.mjs', import.meta.url), { execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('online', () => {
      worker.unref();
      resolve({ run: (task: ThreadTask) => worker.postMessage(task) });
    });
  });
}

/**
 * Shows what Dawn hides from pages: f16 on NVIDIA's cards under Vulkan (its issue 42251215), and matrix units. Mixed precision is used
 * only where the self-test passes with it.
 */
export const MATRIX_FLAGS: readonly string[] = [
  'enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis,use_vulkan_memory_model',
];

/** WebGPU needs the environment that scripts/nodeWithGpu.ts sets up; without it no adapter is found and wasm is used. */
export const nodePlatform: Platform = {
  description: `Node.js ${process.versions.node}, ${os.type()} ${os.arch()}`,
  userAgent: `Node.js/${process.versions.node} ${os.type()}`,
  sharedMemory: false,
  logicalProcessors: os.availableParallelism(),
  secureContext: true,
  wasmFiles: {
    'tfjs-backend-wasm.wasm': path.join(wasmFolder, 'tfjs-backend-wasm.wasm'),
    'tfjs-backend-wasm-simd.wasm': path.join(wasmFolder, 'tfjs-backend-wasm-simd.wasm'),
    'tfjs-backend-wasm-threaded-simd.wasm': path.join(wasmFolder, 'tfjs-backend-wasm-threaded-simd.wasm'),
  },
  taggerProgram: () => readFile(new URL('../src/training/export/tag.py', import.meta.url), 'utf8'),
  // Loads the bundler only where a tagger is exported as ONNX.
  taggerModule: async () => (await import('./bundledModule.ts')).bundledTaggerModule(),
  engineThreads: {
    usual: Math.min(USUAL_THREADS, os.availableParallelism()),
    most: Math.min(MOST_THREADS, os.availableParallelism()),
  },
  openThread,
  gpu: () => dawnEntry(MATRIX_FLAGS),
};

/** The platform with fewer threads of the processor, or with the graphics adapter whose name contains a text. */
export function nodePlatformWith(part: { readonly threads: number | null; readonly adapter: string | null }): Platform {
  const { threads, adapter } = part;
  const { most } = nodePlatform.engineThreads;
  return {
    ...nodePlatform,
    ...(threads === null ? {} : { engineThreads: { usual: Math.min(most, threads), most } }),
    ...(adapter === null ? {} : { gpu: () => dawnEntry([...MATRIX_FLAGS, `adapter=${adapter}`]) }),
  };
}

let entry: GPU | undefined;

/**
 * Opens Dawn's WebGPU entry with its flags; undefined on a platform without a Dawn binary. Also sets `navigator.gpu`, which tfjs
 * requires, and retains the entry, because devices die with the entry they came from.
 */
export async function dawnEntry(flags: readonly string[] = []): Promise<GPU | undefined> {
  try {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    entry = create([...flags]);
  } catch {
    return undefined;
  }
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(navigator, 'gpu', { value: entry, configurable: true });
  return entry;
}
