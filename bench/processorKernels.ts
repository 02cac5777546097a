// Times the launches of a step on the processor with one thread and with all, and compares products with the best one of the run.
import { Recorder, type LaunchTime, type Region } from '../src/engine/gpu/recorder.ts';
import { recordMatmul } from '../src/engine/kernels/matmul/matmul.ts';
import { wholeTuning } from '../src/engine/kernels/matmul/matmulTuning.ts';
import type { EngineProcessor } from '../src/engine/network/computeOptions.ts';
import { ProcessorMachine } from '../src/engine/processor/processorMachine.ts';
import type { Batch } from '../src/model/blocks/encoderFamily.ts';
import type { EngineTrainer } from '../src/training/trainers.ts';
import { percent, shortNumber, type BenchHome, type BenchTable } from './benchReport.ts';
import { kernelTimes, medianTimes } from './kernelTimes.ts';
import { quietTime } from './quietTimes.ts';

/** Rows, columns and inner length of a product whose operands stay in the second cache. */
const BEST = 256;
const BEST_REPEATS = 40;

/** GFLOP/s of the best product, on one thread. */
async function bestProduct({ module }: EngineProcessor, others: BenchHome['othersMs']): Promise<number> {
  const machine = new ProcessorMachine(module);
  const region = (label: string): Region => {
    const buffer = { kind: 'resident', label, length: BEST ** 2 } as const;
    machine.write(buffer, new Float32Array(BEST ** 2).fill(0.5));
    return { buffer, offset: 0, length: BEST ** 2 };
  };
  const recorder = new Recorder();
  const product = { kind: 'nn', rows: BEST, columns: BEST, inner: BEST, into: 'write' } as const;
  recordMatmul(recorder, wholeTuning(), product, { a: region('a'), b: region('b'), out: region('out') });
  const plan = await machine.compile(recorder.launches);
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const { elapsedMs } = await quietTime(async () => {
      const startedAtMs = performance.now();
      for (let repeat = 0; repeat < BEST_REPEATS; repeat++) await plan.run();
      return (performance.now() - startedAtMs) / BEST_REPEATS;
    }, others);
    times.push(elapsedMs);
  }
  machine.release();
  return (2 * BEST ** 3) / Math.min(...times) / 1e6;
}

/** One row a kernel, slowest first; `trainer` runs on `processor`, whose threads change. */
export async function benchKernels(
  processor: EngineProcessor,
  trainer: EngineTrainer,
  batch: Batch,
  rounds: number,
  others: BenchHome['othersMs'],
): Promise<BenchTable> {
  const { pool } = processor;
  const most = pool?.limit ?? 1;
  const best = await bestProduct(processor, others);
  const profiles = new Map<number, (readonly LaunchTime[])[]>([...new Set([1, most])].map((threads) => [threads, []]));
  let step = 0;
  await trainer.update([batch], ++step, 1e-4);
  for (let round = 0; round < rounds; round++) {
    for (const [threads, own] of profiles) {
      await pool?.use(threads);
      let times: readonly LaunchTime[] = [];
      await quietTime(async () => {
        times = await trainer.engine.profile(batch, { seed: 1, step: ++step, learningRate: 1e-4 });
        return 0;
      }, others);
      own.push(times);
    }
  }
  await pool?.use(most);
  const [alone = [], together = []] = [1, most].map((threads) => kernelTimes(medianTimes(profiles.get(threads) ?? [])));
  const sumOf = (kernels: typeof alone): number => kernels.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  const products = alone.filter(({ name }) => name.startsWith('matmul'));
  const flops = products.reduce((sum, { gflops, elapsedMs }) => sum + gflops * elapsedMs, 0);
  const row = (name: string, launches: number, aloneMs: number, togetherMs: number, gflops: number | null) => [
    name,
    `${launches}`,
    shortNumber(aloneMs),
    shortNumber(togetherMs),
    shortNumber(aloneMs / togetherMs),
    ...(gflops === null ? ['', ''] : [shortNumber(gflops), percent(gflops / best)]),
  ];
  const rows = alone.map(({ name, launches, elapsedMs, gflops }) => {
    const other = together.find((one) => one.name === name)?.elapsedMs ?? NaN;
    return row(name, launches, elapsedMs, other, name.startsWith('matmul') ? gflops : null);
  });
  const launches = alone.reduce((sum, kernel) => sum + kernel.launches, 0);
  const productsMs = sumOf(products);
  const productsTogether = sumOf(together.filter(({ name }) => name.startsWith('matmul')));
  return {
    title: 'A step by kernel',
    columns: ['kernel', 'launches', 'ms, 1 thread', `ms, ${most} threads`, 'ratio', 'GFLOP/s', 'of the best product'],
    rows: [
      row('all', launches, sumOf(alone), sumOf(together), null),
      row('all products', products.reduce((sum, one) => sum + one.launches, 0), productsMs, productsTogether, flops / productsMs), // prettier-ignore
      ...rows,
    ],
    notes: [
      `Medians of ${rounds} alternating steps. The best product, ${BEST} x ${BEST} x ${BEST} on one thread: ${shortNumber(best)} GFLOP/s.`,
    ],
  };
}
