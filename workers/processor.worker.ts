// Runs the engine's kernels on a thread of the processor: each task until its memory is closed.
import type { ThreadTask } from '../src/engine/processor/threadPool.ts';

self.addEventListener('message', ({ data: { module, memory } }: MessageEvent<ThreadTask>) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  (exports.thread as () => void)();
});
self.postMessage('ready');
