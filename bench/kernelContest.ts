// Compares recorded launches with the same computation in stock tfjs ops, on one device, in alternating runs.
import * as tf from '@tensorflow/tfjs';
import type { OpenRecording } from '../tests/fixtures/openRecording.ts';
import { openBenchDevice, type BenchDevice } from './benchDevice.ts';
import {
  percent,
  shortNumber,
  spreadOf,
  spreadText,
  type BenchHome,
  type BenchReport,
  type BenchRequest,
  type BenchTable,
  type Spread,
} from './benchReport.ts';
import { GpuCounters } from './gpuCounters.ts';
import { bestMatmulSpeed } from './matmulBench.ts';

/** One computation in two implementations. */
export interface Contest {
  readonly name: string;
  readonly ours: Pick<OpenRecording<string>, 'run' | 'launches'>;
  /** Queues the ops; their results are disposed of. */
  stock(): void;
  /** Multiplications and additions, as counted by the engine's launches; null if they are not a useful measure. */
  readonly work: number | null;
  /** Minimum bytes read and written; null if they are not a useful measure. */
  readonly bytes: number | null;
  /** Largest difference between the two results relative to the largest value, by result. */
  difference(): Promise<Readonly<Record<string, number>>>;
}

interface ContestMeasured {
  readonly name: string;
  readonly oursMs: Spread;
  readonly stockMs: Spread;
  /** Stock time over the engine's, by round. */
  readonly ratio: Spread;
  readonly oursLaunches: number;
  readonly stockLaunches: number;
  readonly gflops: number | null;
  readonly gigabytesPerSecond: number | null;
  readonly difference: Readonly<Record<string, number>>;
}

/** Runs are repeated until they take about this long, to make the wait for the device negligible. */
const LONG_ENOUGH_MS = 50;
const MOST_REPEATS = 64;

export type ContestsOf = (device: BenchDevice, request: BenchRequest) => Promise<readonly Contest[]>;

/** Runs contests, each compared with the best matrix product of the same run. */
export async function benchContests(
  title: string,
  contestsOf: ContestsOf,
  request: BenchRequest,
  home: BenchHome,
): Promise<BenchReport> {
  const device = await openBenchDevice(home);
  const measured: ContestMeasured[] = [];
  for (const contest of await contestsOf(device, request)) {
    measured.push(await measureContest(device, contest, request.rounds, home));
  }
  const bestMatmulGflops = measured.some(({ gflops }) => gflops !== null) ? await bestMatmulSpeed(device.gpu, home.say) : null; // prettier-ignore
  return {
    adapter: device.adapter,
    software: device.gpu.software,
    tables: [tableOf(title, measured, bestMatmulGflops, device.gpu.software)],
    measured: { contests: measured, bestMatmulGflops },
  };
}

async function measureContest(
  device: BenchDevice,
  contest: Contest,
  rounds: number,
  { say }: BenchHome,
): Promise<ContestMeasured> {
  const { name, ours, work, bytes } = contest;
  say(`${name}: compiling and comparing`);
  const ourRun = async (): Promise<void> => void (await ours.run());
  const stockRun = (): Promise<void> => {
    tf.tidy(() => contest.stock());
    return Promise.resolve();
  };
  const timed = async (run: () => Promise<void>, repeats: number): Promise<number> => {
    const start = performance.now();
    for (let repeat = 0; repeat < repeats; repeat++) await run();
    device.sendStock();
    await device.finish();
    return (performance.now() - start) / repeats;
  };
  const difference = await contest.difference();
  const repeatsOf = async (run: () => Promise<void>): Promise<number> =>
    Math.min(MOST_REPEATS, Math.max(1, Math.ceil(LONG_ENOUGH_MS / (await timed(run, 1)))));
  const ourRepeats = await repeatsOf(ourRun);
  const counters = new GpuCounters();
  await counters.during('stock', () => timed(stockRun, 1));
  counters.release();
  const stockRepeats = await repeatsOf(stockRun);
  const oursMs: number[] = [];
  const stockMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`${name}: round ${round + 1} of ${rounds}`);
    oursMs.push(await timed(ourRun, ourRepeats));
    stockMs.push(await timed(stockRun, stockRepeats));
  }
  const median = spreadOf(oursMs).median;
  return {
    name,
    oursMs: spreadOf(oursMs),
    stockMs: spreadOf(stockMs),
    ratio: spreadOf(stockMs.map((elapsedMs, round) => elapsedMs / (oursMs[round] ?? NaN))),
    oursLaunches: ours.launches,
    stockLaunches: counters.of('stock').launches,
    gflops: work === null ? null : work / median / 1e6,
    gigabytesPerSecond: bytes === null ? null : bytes / median / 1e6,
    difference,
  };
}

function tableOf(
  title: string,
  measured: readonly ContestMeasured[],
  best: number | null,
  software: boolean,
): BenchTable {
  const differences = measured.flatMap(({ name, difference }) => Object.entries(difference).map(([what, value]) => `${name}, ${what}: ${value.toExponential(1)}`)); // prettier-ignore
  return {
    title,
    columns: ['', 'ours, ms', 'stock tfjs, ms', 'stock / ours', 'launches', 'stock', 'GFLOP/s', 'of best matmul', 'GB/s'], // prettier-ignore
    rows: measured.map(({ name, oursMs, stockMs, ratio, oursLaunches, stockLaunches, gflops, gigabytesPerSecond }) => [
      name,
      spreadText(oursMs),
      spreadText(stockMs),
      spreadText(ratio),
      `${oursLaunches}`,
      `${stockLaunches}`,
      gflops === null ? '' : shortNumber(gflops),
      gflops === null || best === null ? '' : percent(gflops / best),
      gigabytesPerSecond === null ? '' : shortNumber(gigabytesPerSecond),
    ]),
    notes: [
      `Median (least to most) of the rounds; a ratio is taken within each round.${best === null ? '' : ` The best matrix product of this run: ${shortNumber(best)} GFLOP/s.`}`,
      `Largest differences between the two, relative: ${differences.join('; ')}.`,
      ...(software ? ['The adapter is emulated on the processor: its times say nothing of a GPU, ratios within a run do.'] : []), // prettier-ignore
    ],
  };
}

/** Largest difference relative to the largest expected value. */
export function relativeDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = got.length === expected.length ? 0 : Infinity;
  let magnitude = 0;
  for (let at = 0; at < expected.length; at++) {
    const off = Math.abs((got[at] as number) - (expected[at] as number));
    difference = off <= difference ? difference : Number.isNaN(off) ? Infinity : off;
    magnitude = Math.max(magnitude, Math.abs(expected[at] as number));
  }
  return difference / magnitude;
}
