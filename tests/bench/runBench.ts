// Every measurement by its name.
import type { BenchHome, BenchName, BenchReport, BenchRequest } from './benchReport.ts';
import { benchStep } from './stepBench.ts';

const benches: Partial<Record<BenchName, (request: BenchRequest, home: BenchHome) => Promise<BenchReport>>> = {
  step: benchStep,
};

/** Measures what is asked for, here. Throws Error where there is no adapter, LabError where the device fails. */
export function runBench(request: BenchRequest, home: BenchHome): Promise<BenchReport> {
  const bench = benches[request.what];
  if (bench === undefined) throw new Error(`nothing measures ${request.what}`);
  return bench(request, home);
}
