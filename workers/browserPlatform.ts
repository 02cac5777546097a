// Provides the engine's platform in a browser Worker: navigator.gpu, and wasm binaries and tag.py served with the page.
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import type { Platform } from '../src/engine/start/platform.ts';
import taggerProgram from '../src/training/tag.py?raw';

const { userAgent, hardwareConcurrency } = navigator;

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
  gpu: () => Promise.resolve('gpu' in navigator ? navigator.gpu : undefined),
};
