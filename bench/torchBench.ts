// Benchmarks the engine's training step against the same step in PyTorch, in alternating runs.
import { newEncoder, newHead } from '../src/model/parameters.ts';
import { engineTrainer } from '../src/training/engineTrainer.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { gpuFor, openBenchDevice } from './benchDevice.ts';
import { spreadOf, spreadText, type BenchHome, type BenchReport, type BenchRequest } from './benchReport.ts';
import { configOf, taggerOf } from './benchShape.ts';

const WARM_UPS = 2;

export async function benchTorch({ shape, rounds }: BenchRequest, home: BenchHome): Promise<BenchReport> {
  const device = await openBenchDevice(home);
  const { encoder, head } = taggerOf(shape);
  const host = new Map([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
  const settings = { shape: { encoder, head }, config: configOf(shape), factors: new Map(), seed: 1 };
  const gpu = await gpuFor(device, shape, home.say);
  const trainer = engineTrainer(gpu, host, settings, () => true);
  const batch = drawnBatch(settings.shape, shape.batch, shape.length);
  let step = 0;
  const ourStep = async (): Promise<number> => {
    const start = performance.now();
    await trainer.update([batch], ++step, 1e-4);
    await device.finish();
    return performance.now() - start;
  };
  const [ours, torch]: [number[], number[]] = [[], []];
  for (let round = -WARM_UPS; round < rounds; round++) {
    home.say(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
    const [our, its] = [await ourStep(), await home.torchStep()];
    if (round < 0) continue;
    ours.push(our);
    torch.push(its);
  }
  trainer.dispose();
  const measured = {
    oursMs: spreadOf(ours),
    torchMs: spreadOf(torch),
    ratio: spreadOf(ours.map((elapsedMs, round) => elapsedMs / (torch[round] ?? NaN))),
  };
  const table = {
    title: 'One training step',
    columns: ['', 'ours', 'PyTorch', 'ours / PyTorch'],
    rows: [
      ['milliseconds', spreadText(measured.oursMs), spreadText(measured.torchMs), spreadText(measured.ratio)],
      ['pieces a second', ...[measured.oursMs, measured.torchMs].map(({ median }) => ((1000 * shape.batch * shape.length) / median).toFixed(0)), ''], // prettier-ignore
    ],
    notes: [
      'Median (least to most) of the rounds; a ratio is taken within each round. Random weights and batches of the same sizes, f32.',
      ...(device.gpu.software ? ['The adapter is emulated on the processor: its times say nothing of a GPU.'] : []),
    ],
  };
  return { adapter: device.adapter, software: device.gpu.software, tables: [table], measured };
}
