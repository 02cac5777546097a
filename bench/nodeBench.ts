// Measures in this process, on Dawn or on the processor.
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
    const torchStep = process.env['BENCH_PYTHON'] === undefined ? null : home.torchStep;
    return { report: await benchProcessor(request, home, nodePlatform, torchStep), runtime };
  }
  const report = await runBench(request, { ...home, gpu: () => dawnEntry([...FLAGS, ...MATRIX_FLAGS]) });
  return { report, runtime };
}
