// Provides the engine's platform in a browser Worker: navigator.gpu, and wasm binaries and tag.py served with the page.
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import type { ProcessorThread, ThreadTask } from '../src/engine/processor/threadPool.ts';
import type { Platform } from '../src/engine/start/startBackend.ts';
import taggerProgram from '../src/training/export/tag.py?raw';

const { userAgent, hardwareConcurrency } = navigator;

/** Whether this is a Worker: a window must not wait for other threads. */
const mayWait = 'WorkerGlobalScope' in self;
/** More threads than this gain nothing on steps of the sizes that people train. */
const USUAL_THREADS = 16;
const MOST_THREADS = 64;
const mayShare = self.crossOriginIsolated && mayWait;

/** Opens a Worker of the Worker; rejects if its script does not load. */
function openThread(): Promise<ProcessorThread> {
  const worker = new Worker(new URL('./processor.worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(`a thread did not start: ${message}`)));
    // It says so once it listens.
    worker.addEventListener('message', () => resolve({ run: (task: ThreadTask) => worker.postMessage(task) }));
  });
}

export const browserPlatform: Platform = {
  description: userAgent,
  userAgent,
  sharedMemory: self.crossOriginIsolated,
  logicalProcessors: hardwareConcurrency,
  secureContext: self.isSecureContext,
  wasmFiles: {
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
  },
  taggerProgram: () => Promise.resolve(taggerProgram),
  taggerModule: async () => (await import('virtual:tagger-module')).taggerModule,
  engineThreads: {
    // One processor is left for the page.
    usual: mayShare ? Math.min(USUAL_THREADS, Math.max(1, hardwareConcurrency - 1)) : 1,
    most: mayShare ? Math.min(MOST_THREADS, hardwareConcurrency) : 1,
  },
  openThread,
  gpu: () => Promise.resolve('gpu' in navigator ? navigator.gpu : undefined),
};
