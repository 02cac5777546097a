// Measures in this process, on Dawn.
import { dawnEntry } from '../workers/nodePlatform.ts';
import type { BenchHome, BenchReport, BenchRequest } from './benchReport.ts';
import { runBench } from './runBench.ts';

/** Timestamps are otherwise rounded to 0.1 ms, longer than many launches take. */
const FLAGS = ['disable-dawn-features=timestamp_quantization'];

export async function runNodeBench(
  request: BenchRequest,
  home: Omit<BenchHome, 'gpu'>,
): Promise<{ readonly report: BenchReport; readonly runtime: string }> {
  const report = await runBench(request, { ...home, gpu: () => dawnEntry(FLAGS) });
  return { report, runtime: `Node ${process.versions.node}` };
}
