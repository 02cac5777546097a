// The page that measures in a browser: chromiumBench.ts opens it and calls `benchHere`.
import type { BenchReport, BenchRequest } from './benchReport.ts';
import { runBench } from './runBench.ts';

/** What the controlling script exposes to the page. */
interface BenchWindow {
  sayBench(line: string): void;
  stepTorch(): Promise<number>;
  benchHere(request: BenchRequest): Promise<BenchReport>;
}

const page = globalThis as unknown as BenchWindow;
page.benchHere = (request) =>
  runBench(request, {
    gpu: () => Promise.resolve(navigator.gpu),
    say: (line) => page.sayBench(line),
    torchStep: () => page.stepTorch(),
  });
