// Benchmarks a step and a tagging on the processor: the plain network, the engine on one thread and on all, PyTorch if there is one.
import type { EngineHome } from '../src/engine/network/computeOptions.ts';
import { compileProcessorModule } from '../src/engine/processor/processorModule.ts';
import { startBackend, type Platform } from '../src/engine/start/startBackend.ts';
import { newEncoder, newHead } from '../src/model/parameters.ts';
import { engineTrainer, openTrainer } from '../src/training/trainers.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { spreadOf, spreadText, type BenchHome, type BenchReport, type BenchRequest } from './benchReport.ts';
import { configOf, taggerOf } from './benchShape.ts';
import { benchKernels } from './processorKernels.ts';
import { disturbedNote, quietTime } from './quietTimes.ts';

const WARM_UPS = 2;

/** A way to compute the same step. */
interface Contender {
  readonly name: string;
  /** Milliseconds. */
  step(): Promise<number>;
  /** Null where tagging is not measured. */
  tag: (() => Promise<number>) | null;
  dispose(): void;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** `torchStep` is null where PyTorch is not measured. */
export async function benchProcessor(
  { shape, rounds }: BenchRequest,
  home: Pick<BenchHome, 'say' | 'othersMs'>,
  platform: Platform,
  torchStep: (() => Promise<number>) | null,
): Promise<BenchReport> {
  const { say, othersMs } = home;
  const { processor, otherRounding, device } = await startBackend('wasm', platform);
  if (processor === null) throw new Error('the engine does not run on this processor');
  const { relaxed } = processor.module;
  const other = await otherRounding();
  const alone: EngineHome = {
    ...processor,
    pool: null,
    module: await compileProcessorModule({ relaxed, shared: false }),
  };
  const { encoder, head } = taggerOf(shape);
  const host = new Map([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
  const settings = { shape: { encoder, head }, config: configOf(shape), factors: new Map(), seed: 1 };
  const batch = drawnBatch(settings.shape, shape.batch, shape.length);
  const contender = (name: string, home: EngineHome | null): Contender => {
    const trainer = openTrainer(home, host, settings, () => true, false);
    let step = 0;
    return {
      name,
      step: () =>
        timed(async () => {
          await trainer.update([batch], ++step, 1e-4);
          await trainer.readPending();
        }),
      tag: () => timed(() => trainer.predict(batch)),
      dispose: () => trainer.dispose(),
    };
  };
  const threads = processor.pool?.limit ?? 1;
  const contenders: readonly Contender[] = [
    ...(shape.stock ? [contender('plain network, one thread', null)] : []),
    ...(threads > 1 ? [contender(`engine, ${threads} threads`, processor)] : []),
    contender('engine, one thread', alone),
    ...(other === null ? [] : [contender('engine, one thread, multiply-adds rounded twice', { ...other, pool: null, module: await compileProcessorModule({ relaxed: !relaxed, shared: false }) })]), // prettier-ignore
    ...(torchStep === null ? [] : [{ name: 'PyTorch', step: torchStep, tag: null, dispose: () => undefined }]),
  ];
  const steps = contenders.map((): number[] => []);
  const tags = contenders.map((): number[] => []);
  let disturbances = 0;
  const quietly = async (work: () => Promise<number>): Promise<number> => {
    const { elapsedMs, disturbed } = await quietTime(work, othersMs);
    if (disturbed) disturbances++;
    return elapsedMs;
  };
  for (let round = -WARM_UPS; round < rounds; round++) {
    say(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
    for (const [at, { step, tag }] of contenders.entries()) {
      const [stepMs, tagMs] = [await quietly(step), tag === null ? NaN : await quietly(tag)];
      if (round < 0) continue;
      steps[at]?.push(stepMs);
      tags[at]?.push(tagMs);
    }
  }
  for (const one of contenders) one.dispose();
  const trainer = engineTrainer(processor, host, settings, () => true);
  say('kernels');
  const kernels = await benchKernels(processor, trainer, batch, rounds, othersMs);
  trainer.dispose();
  const [plain = [], plainTags = []] = [steps[0], tags[0]];
  const measured = contenders.map(({ name, tag }, at) => ({
    name,
    stepMs: spreadOf(steps[at] ?? []),
    ofPlain: spreadOf((steps[at] ?? []).map((elapsedMs, round) => elapsedMs / (plain[round] ?? NaN))),
    tagMs: tag === null ? null : spreadOf(tags[at] ?? []),
    tagOfPlain: tag === null ? null : spreadOf((tags[at] ?? []).map((ms, round) => ms / (plainTags[round] ?? NaN))),
  }));
  const text = (spread: Parameters<typeof spreadText>[0] | null): string => (spread === null ? '' : spreadText(spread));
  const table = {
    title: 'One step and one tagging on the processor',
    columns: ['', 'step, ms', 'of the first row', 'tagging, ms', 'of the first row'],
    rows: measured.map(({ name, stepMs, ofPlain, tagMs, tagOfPlain }) => [name, text(stepMs), text(ofPlain), text(tagMs), text(tagOfPlain)]), // prettier-ignore
    notes: [
      'Median (least to most) of the rounds; a ratio is taken within each round. Random weights and batches of the same sizes, f32.',
      `Multiply-adds are ${relaxed ? 'fused unless it says otherwise' : 'rounded twice: there are no fused ones'}. PyTorch takes as many threads as OMP_NUM_THREADS says.`,
      ...disturbedNote(home, disturbances),
    ],
  };
  return { adapter: device, software: false, tables: [table, kernels], measured };
}
