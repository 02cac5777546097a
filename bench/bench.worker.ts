// The Worker in which the processor is measured in a browser: a window may not wait for other threads.
import { startBackend } from '../src/engine/start/startBackend.ts';
import { connect, portWire } from '../src/wire/port.ts';
import { browserPlatform } from '../workers/browserPlatform.ts';
import type { BenchReport, BenchRequest, TorchWork } from './benchReport.ts';
import { runBench } from './runBench.ts';

/** What the page does for the Worker. */
export interface BenchPageCalls {
  say(line: string): null;
  torch(asked: { readonly what: TorchWork; readonly way: string }): number;
  othersMs(): number | null;
  done(report: BenchReport): null;
}

/** What starts the measurement, with the port of the page's calls. */
export interface BenchBegin {
  readonly request: BenchRequest;
  readonly port: MessagePort;
}

self.addEventListener('message', ({ data: { request, port } }: MessageEvent<BenchBegin>) => {
  const page = connect<BenchPageCalls, never>(portWire(port));
  const { most } = browserPlatform.engineThreads;
  const report = runBench(request, {
    gpu: () => Promise.resolve(undefined),
    processor: async () => (await startBackend('wasm', browserPlatform, most)).processor,
    say: (line) => void page.call('say', line),
    torch: (what, way) => page.call('torch', { what, way }),
    othersMs: () => page.call('othersMs', undefined),
  });
  // What is rejected reaches the page as the Worker's error.
  report.then((done) => page.call('done', done)).catch(reportError);
});
