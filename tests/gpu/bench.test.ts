// Proves that measurements run in a browser and count correctly: a step with its kernels, and a contest with stock ops.
import { expect, it } from 'vitest';
import type { BenchHome } from '../../bench/benchReport.ts';
import { benchShapes, taggerOf } from '../../bench/benchShape.ts';
import { runBench } from '../../bench/runBench.ts';
import type { StepMeasured } from '../../bench/stepBench.ts';
import { plannedStep } from '../fixtures/countedStep.ts';

const home: BenchHome = {
  gpu: () => Promise.resolve(navigator.gpu),
  say: () => undefined,
  torch: () => Promise.reject(new Error('there is no PyTorch in a browser')),
};
const shape = { ...benchShapes.tiny, layers: 1, length: 8, stock: false };

it('measures a step: its launches, its bytes, the time of each kernel', async () => {
  const { measured, tables } = await runBench({ what: 'step', shape, rounds: 1 }, home);
  const { ours, stock, kernels } = measured as StepMeasured;
  expect(stock).toBe(null);
  const { weights } = plannedStep(taggerOf(shape), shape.batch, shape.length);
  expect(ours.launches).toBeGreaterThan(30);
  expect(kernels?.reduce((sum, { launches }) => sum + launches, 0)).toBe(ours.launches);
  expect(kernels?.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
  expect(ours.peakBytes).toBeGreaterThan(weights);
  expect(tables).toHaveLength(2);
});

it('compares the CRF with stock ops, which come to the same', async () => {
  const { measured } = await runBench({ what: 'crf', shape: { ...shape, length: 3 }, rounds: 1 }, home);
  const [contest] = (measured as { contests: { difference: Record<string, number>; stockLaunches: number }[] })
    .contests;
  expect(Object.values(contest?.difference ?? { none: NaN }).every((difference) => difference < 1e-4)).toBe(true);
  expect(contest?.stockLaunches).toBeGreaterThan(50);
});
