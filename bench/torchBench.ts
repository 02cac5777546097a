// Benchmarks a step, tagging and an epoch of the lab against PyTorch as people write it, in alternating runs on the same data.
import type { Sequence } from '../src/data/pieces/sequences.ts';
import type { EngineHome } from '../src/engine/network/computeOptions.ts';
import { compileProcessorModule, processorFeatures } from '../src/engine/processor/processorModule.ts';
import { newEncoder, newHead } from '../src/model/parameters.ts';
import { epochSteps, padBatch } from '../src/training/batches.ts';
import { engineTrainer } from '../src/training/trainers.ts';
import { gpuFor, openBenchDevice } from './benchDevice.ts';
import {
  spreadOf,
  spreadText,
  type BenchHome,
  type BenchReport,
  type BenchRequest,
  type TorchWork,
} from './benchReport.ts';
import { configOf, taggerOf, type BenchShape } from './benchShape.ts';
import { disturbedNote, quietTime } from './quietTimes.ts';
import { benchBatch, epochSequences } from './torchData.ts';

/** A way to do the work: ours on some threads or a GPU, PyTorch in some way. */
interface Contender {
  readonly name: string;
  /** Milliseconds. */
  run(what: TorchWork): Promise<number>;
}

interface Engine {
  readonly name: string;
  readonly home: EngineHome;
  /** Called before each piece of work. */
  readonly use: () => Promise<unknown>;
}

/** The engines of this machine: its GPU, else the processor on one thread and on all. */
export async function enginesHere(
  shape: BenchShape,
  home: BenchHome,
): Promise<{ readonly adapter: string; readonly software: boolean; readonly engines: readonly Engine[] }> {
  const adapter = await (await home.gpu())?.requestAdapter({ powerPreference: 'high-performance' });
  const nothing = (): Promise<void> => Promise.resolve();
  if (adapter != null && home.processor === undefined) {
    const device = await openBenchDevice(home);
    const gpu = await gpuFor(device, shape, home.say);
    const engines = [{ name: `ours, ${shape.precision}`, home: gpu, use: nothing }];
    return { adapter: device.adapter, software: device.gpu.software, engines };
  }
  const processor = await home.processor?.();
  if (processor == null) {
    const module = await compileProcessorModule({ ...processorFeatures(), shared: false });
    const { processorCompute } = await import('../src/engine/network/computeOptions.ts');
    const alone = { module, pool: null, compute: processorCompute({ activations: 'auto' }) };
    return { adapter: 'processor', software: false, engines: [{ name: 'ours, 1 thread', home: alone, use: nothing }] };
  }
  const { pool } = processor;
  const counts = pool === null ? [1] : [...new Set([1, pool.limit])];
  const engines = counts.map((threads) => ({
    name: `ours, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    home: processor,
    use: async () => pool?.use(threads),
  }));
  return { adapter: 'processor', software: false, engines };
}

type Work = Readonly<Record<TorchWork, () => Promise<unknown>>>;

/** What is measured, on one trainer: threads are lent to one machine at a time. */
function workOn(home: EngineHome, shape: BenchShape): Work {
  const { encoder, head } = taggerOf(shape);
  const host = new Map([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
  const settings = { shape: { encoder, head }, config: configOf(shape), factors: new Map(), seed: 1 };
  const trainer = engineTrainer(home, host, settings, () => true);
  const batch = benchBatch(shape);
  const sequences = epochSequences(shape) as readonly Sequence[];
  const lengths = sequences.map(({ pieceIds }) => pieceIds.length);
  const order = lengths.map((_, index) => index);
  const sizes = { batchSize: shape.batch, microBatchSize: shape.batch };
  let [step, epoch] = [0, 0];
  const trainEpoch = async (): Promise<void> => {
    for (const plan of epochSteps(lengths, order, sizes, 1, epoch++)) {
      const batches = plan.map((indices) => padBatch(sequences, indices));
      await trainer.update(batches, ++step, 1e-4);
    }
    await trainer.readPending();
  };
  return {
    step: async () => {
      await trainer.update([batch], ++step, 1e-4);
      await trainer.readPending();
    },
    tag: () => trainer.predict(batch),
    epoch: trainEpoch,
    'sorted epoch': trainEpoch,
  };
}

function contenderOf({ name, use }: Engine, work: Work): Contender {
  return {
    name,
    async run(what) {
      await use();
      const startedAtMs = performance.now();
      await work[what]();
      return performance.now() - startedAtMs;
    },
  };
}

const WORK: readonly { readonly what: TorchWork; readonly title: string }[] = [
  { what: 'step', title: 'step, ms' },
  { what: 'tag', title: 'tagging, ms' },
  { what: 'epoch', title: 'epoch, random batches, ms' },
  { what: 'sorted epoch', title: 'epoch, sorted by length, ms' },
];
const WARM_UPS = 1;

async function timeOf(contender: Contender, what: TorchWork, { ownMs }: BenchHome): Promise<number> {
  if (ownMs === undefined) return contender.run(what);
  const before = await ownMs();
  await contender.run(what);
  return (await ownMs()) - before;
}

export async function benchTorch(request: BenchRequest, home: BenchHome): Promise<BenchReport> {
  const { shape, rounds, torchWays = [], epochs = true } = request;
  const { adapter, software, engines } = await enginesHere(shape, home);
  const workOf = new Map(engines.map(({ home: own }) => [own, null as Work | null]));
  for (const own of workOf.keys()) workOf.set(own, workOn(own, shape));
  const ours = engines.map((engine) => contenderOf(engine, workOf.get(engine.home) as Work));
  const theirs = torchWays.map((way): Contender => ({
    name: `PyTorch, ${way}`,
    run: (what) => home.torch(what, way),
  }));
  const contenders = [...ours, ...theirs];
  const measured = contenders.map(({ name }) => ({ name, times: {} as Partial<Record<TorchWork, number[]>> }));
  let disturbances = 0;
  for (const { what } of epochs ? WORK : WORK.slice(0, 2)) {
    for (let round = -WARM_UPS; round < rounds; round++) {
      home.say(`${what}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`}`);
      for (const [at, contender] of contenders.entries()) {
        const others = round < 0 ? undefined : home.othersMs;
        const { elapsedMs, disturbed } = await quietTime(() => timeOf(contender, what, home), others);
        if (disturbed) disturbances++;
        const times = measured[at]?.times;
        if (round >= 0 && times !== undefined) times[what] = [...(times[what] ?? []), elapsedMs];
      }
    }
  }
  const cell = (times: readonly number[] | undefined): string => (times === undefined ? '' : spreadText(spreadOf(times))); // prettier-ignore
  const done = WORK.filter(({ what }) => measured[0]?.times[what] !== undefined);
  const table = {
    title: 'PyTorch as people write it',
    columns: ['', ...done.map(({ title }) => title)],
    rows: measured.map(({ name, times }) => [name, ...done.map(({ what }) => cell(times[what]))]),
    notes: [
      ...(home.ownMs === undefined
        ? []
        : ['Processor time, not time: of several threads, those that wait for others count, too.']),
      'Median (least to most) of alternating rounds, the same data; weights are random on both sides, of the same sizes. Our epoch is sorted by length in pools in both columns, as runs are.',
    ],
  };
  const titles = ['', ...done.map(({ title }) => title.replace(', ms', ''))];
  const ratioRow = (left: number, right: number): readonly string[] => [
    `${contenders[left]?.name} / ${contenders[right]?.name}`,
    ...done.map(({ what }) => {
      const [above = [], below = []] = [measured[left]?.times[what], measured[right]?.times[what]];
      return spreadText(spreadOf(above.map((elapsedMs, round) => elapsedMs / (below[round] ?? NaN))));
    }),
  ];
  const ratios = {
    title: 'Ours, in parts of PyTorch’s time',
    columns: titles,
    rows: ours.flatMap((_, at) => theirs.map((_, index) => ratioRow(at, ours.length + index))),
    notes: ['A ratio is taken within each round.', ...disturbedNote(home, disturbances)],
  };
  const threads = {
    title: 'One thread, in parts of several threads’ time',
    columns: titles,
    rows: contenders.flatMap(({ name }, at) => {
      const alone = contenders.findIndex((other) => other.name === name.replace(/\d+ threads$/, '1 thread'));
      return alone === -1 || alone === at ? [] : [ratioRow(alone, at)];
    }),
    notes: [],
  };
  return { adapter, software, tables: [table, ratios, ...(threads.rows.length > 0 ? [threads] : [])], measured };
}
