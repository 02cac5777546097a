// The page that measures in a browser: chromiumBench.ts opens it and calls `benchHere`.
import { portWire, serve } from '../src/wire/port.ts';
import type { BenchBegin, BenchPageCalls } from './bench.worker.ts';
import type { BenchReport, BenchRequest, TorchWork } from './benchReport.ts';
import { runBench } from './runBench.ts';

/** What the controlling script exposes to the page. */
interface BenchWindow {
  sayBench(line: string): void;
  runTorch(what: TorchWork, way: string): Promise<number>;
  othersMs(): Promise<number | null>;
  benchHere(request: BenchRequest): Promise<BenchReport>;
}

const page = globalThis as unknown as BenchWindow;
page.benchHere = async (request) => {
  const adapter = await navigator.gpu?.requestAdapter();
  // Beside PyTorch on the processor an emulated GPU says nothing.
  if (request.what === 'torch' && adapter?.info.isFallbackAdapter !== false) return inWorker(request);
  return runBench(request, {
    gpu: () => Promise.resolve(navigator.gpu),
    say: (line) => page.sayBench(line),
    torch: (what, way) => page.runTorch(what, way),
    othersMs: () => page.othersMs(),
  });
};

/** Measures the processor in a Worker, where it has its threads. */
function inWorker(request: BenchRequest): Promise<BenchReport> {
  const worker = new Worker(new URL('./bench.worker.ts', import.meta.url), { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(`the Worker: ${message}`)));
    serve<BenchPageCalls, never>(portWire(port1), {
      say: (line) => (page.sayBench(line), null),
      torch: ({ what, way }) => page.runTorch(what, way),
      othersMs: () => page.othersMs(),
      done: (report) => (resolve(report), null),
    });
    worker.postMessage({ request, port: port2 } satisfies BenchBegin, [port2]);
  });
}
