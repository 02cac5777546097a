// The page that measures in a browser: chromiumBench.ts opens it and calls `benchHere`.
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
page.benchHere = (request) =>
  runBench(request, {
    // Beside PyTorch on the processor an emulated GPU says nothing.
    gpu: async () => {
      const adapter = await navigator.gpu?.requestAdapter();
      return request.what === 'torch' && adapter?.info.isFallbackAdapter !== false ? undefined : navigator.gpu;
    },
    say: (line) => page.sayBench(line),
    torch: (what, way) => page.runTorch(what, way),
    othersMs: () => page.othersMs(),
  });
