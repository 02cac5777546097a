// Measures in this process, on Dawn or on the processor.
import { isSoftwareAdapter } from '../src/engine/gpu/device.ts';
import { startBackend } from '../src/engine/start/startBackend.ts';
import { dawnEntry, MATRIX_FLAGS, nodePlatform } from '../workers/nodePlatform.ts';
import type { BenchHome, BenchReport, BenchRequest } from './benchReport.ts';
import { benchProcessor } from './processorBench.ts';
import { runBench } from './runBench.ts';

/** Timestamps are otherwise rounded to 0.1 ms, longer than many launches take. */
const FLAGS = ['disable-dawn-features=timestamp_quantization'];

export async function runNodeBench(
  request: BenchRequest,
  home: Omit<BenchHome, 'gpu'>,
): Promise<{ readonly report: BenchReport; readonly runtime: string }> {
  const runtime = `Node ${process.versions.node}`;
  if (request.what === 'processor') {
    const [way] = request.torchWays ?? [];
    const torchStep = way === undefined ? null : () => home.torch('step', way);
    return { report: await benchProcessor(request, home, nodePlatform, torchStep), runtime };
  }
  if (request.what === 'torch') {
    const adapter = await (await dawnEntry(FLAGS))?.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter == null || isSoftwareAdapter(adapter)) {
      const processor = async () => (await startBackend('wasm', nodePlatform)).processor;
      const gpu = () => Promise.resolve(undefined);
      return { report: await runBench(request, { ...home, gpu, processor }), runtime };
    }
  }
  const report = await runBench(request, { ...home, gpu: () => dawnEntry([...FLAGS, ...MATRIX_FLAGS]) });
  return { report, runtime };
}
