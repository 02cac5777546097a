// Runs the engine's kernels on a thread of Node, as `processor.worker.ts` does in a browser; JavaScript, which a thread runs as it is.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ module, memory }) => {
  new WebAssembly.Instance(module, { env: { memory } }).exports.thread();
});
