// Runs measurements by name.
import { benchAdam } from './adamBench.ts';
import { benchAttention } from './attentionBench.ts';
import type { BenchHome, BenchName, BenchReport, BenchRequest } from './benchReport.ts';
import { benchCrf } from './crfBench.ts';
import { benchMatmuls } from './matmulBench.ts';
import { benchMemory } from './memoryBench.ts';
import { benchStep } from './stepBench.ts';
import { benchTorch } from './torchBench.ts';

const benches: Readonly<
  Record<Exclude<BenchName, 'processor'>, (request: BenchRequest, home: BenchHome) => Promise<BenchReport>>
> = {
  step: benchStep,
  matmul: benchMatmuls,
  attention: benchAttention,
  adam: benchAdam,
  crf: benchCrf,
  memory: benchMemory,
  torch: benchTorch,
};

/** Runs the requested measurement in this process. Throws Error if there is no adapter, LabError if the device fails. */
export function runBench(request: BenchRequest, home: BenchHome): Promise<BenchReport> {
  const { what } = request;
  if (what === 'processor') throw new Error('the processor is measured in Node alone');
  return benches[what](request, home);
}
