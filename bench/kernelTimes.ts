// Sums times of launches by kernel.
import type { LaunchTime } from '../src/engine/gpu/recorder.ts';
import { percent, shortNumber, spreadOf, type BenchTable } from './benchReport.ts';

export interface KernelTime {
  readonly name: string;
  readonly launches: number;
  readonly elapsedMs: number;
  /** Share of the time of all launches. */
  readonly share: number;
  /** 1e9 operations per second, as recorded with launches; meaningful for matrix products and attention. */
  readonly gflops: number;
}

/** Gives each launch the median of its times in several profiles of one plan. */
export function medianTimes(profiles: readonly (readonly LaunchTime[])[]): readonly LaunchTime[] {
  const [first = []] = profiles;
  return first.map((launch, at) => {
    const { median } = spreadOf(profiles.map((times) => times[at]?.elapsedMs ?? NaN));
    return { ...launch, elapsedMs: median };
  });
}

/** Slowest first. */
export function kernelTimes(times: readonly LaunchTime[]): readonly KernelTime[] {
  const sums = new Map<string, { launches: number; elapsedMs: number; work: number }>();
  for (const { name, elapsedMs, work } of times) {
    const sum = sums.get(name) ?? { launches: 0, elapsedMs: 0, work: 0 };
    sums.set(name, { launches: sum.launches + 1, elapsedMs: sum.elapsedMs + elapsedMs, work: sum.work + work });
  }
  const total = times.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  return [...sums]
    .map(([name, { launches, elapsedMs, work }]) => ({
      name,
      launches,
      elapsedMs,
      share: elapsedMs / total,
      gflops: work / elapsedMs / 1e6,
    }))
    .sort((left, right) => right.elapsedMs - left.elapsedMs);
}

/** `best`: GFLOP/s that the others are compared with. */
export function kernelTable(kernels: readonly KernelTime[], best: number): BenchTable {
  const counted = (name: string): boolean => /^(matmul |attention(,| backward by))/.test(name);
  return {
    title: 'Time of our step by kernel',
    columns: ['kernel', 'launches', 'ms', 'share of the step', 'GFLOP/s', 'share of the best matmul'],
    rows: kernels.map(({ name, launches, elapsedMs, share, gflops }) => [
      name,
      `${launches}`,
      shortNumber(elapsedMs),
      percent(share),
      ...(counted(name) ? [shortNumber(gflops), percent(gflops / best)] : ['', '']),
    ]),
    notes: [
      `Each launch in a pass of its own, the median of several steps. The best matrix product of this run: ${shortNumber(best)} GFLOP/s.`,
    ],
  };
}
