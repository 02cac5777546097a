// The page in which checkpoints are written: epochEnd.bench.ts opens it and calls `writeEpochEnds`.
import { processorCompute } from '../src/engine/network/computeOptions.ts';
import { compileProcessorModule, processorFeatures } from '../src/engine/processor/processorModule.ts';
import type { HostTensor } from '../src/model/blocks/parameterLocation.ts';
import { newEncoder, newHead } from '../src/model/parameters.ts';
import type { RunRecord } from '../src/schema/runRecord.ts';
import { indexedDb } from '../src/storage/indexedDb.ts';
import { removeRun } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import {
  checkpointsElsewhere,
  checkpointsInto,
  CheckpointWriter,
  type CheckpointCalls,
} from '../src/training/checkpointWriter.ts';
import { engineTrainer } from '../src/training/trainers.ts';
import { macrotask } from '../src/util/clock.ts';
import { connect, workerWire } from '../src/wire/port.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { tinyRecord } from '../tests/fixtures/tinyRun.ts';
import { benchShapes, configOf, taggerOf } from './benchShape.ts';

const WAYS = [
  'a transaction a record, waited for',
  'in groups, waited for',
  'in groups, while steps run',
  'in a Worker, while steps run',
] as const;

/** Milliseconds of one epoch's end, and those in which no step could run. */
export interface EpochEnd {
  readonly way: (typeof WAYS)[number];
  readonly writtenMs: number;
  /** Until weights and moments were copied and writing had begun. */
  readonly copiedMs: number;
  readonly lostMs: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[values.length >> 1] ?? NaN;

Object.assign(globalThis, {
  async writeEpochEnds(rounds: number): Promise<readonly EpochEnd[]> {
    const shape = { ...benchShapes.issue, tags: 5, dropout: 0.1 };
    const { encoder, head } = taggerOf(shape);
    const weights = new Map<string, HostTensor>([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
    const module = await compileProcessorModule({ ...processorFeatures(), shared: false });
    const home = { module, pool: null, compute: processorCompute({ activations: 'auto' }) };
    const settings = { shape: { encoder, head }, config: configOf(shape), factors: new Map(), seed: 1 };
    const trainer = engineTrainer(home, weights, settings, () => true);
    const batch = drawnBatch(settings.shape, 8, 64);
    let step = 0;
    const trainStep = async (): Promise<number> => {
      const startedAtMs = performance.now();
      await trainer.update([batch], ++step, 1e-4);
      await macrotask();
      return performance.now() - startedAtMs;
    };
    const usual: number[] = [];
    for (let count = 0; count < 8; count++) usual.push(await trainStep());
    const store = indexedDb('epoch-ends');
    const { writeGroup: _, ...single } = store;
    const openWriter = () =>
      connect<CheckpointCalls, never>(
        workerWire(new Worker(new URL('../workers/checkpoint.worker.ts', import.meta.url), { type: 'module' })),
      );
    const elsewhere = checkpointsElsewhere(openWriter, store);
    const record: RunRecord = tinyRecord();
    const ends: EpochEnd[] = [];
    for (let epoch = 1; epoch <= WAYS.length * rounds; epoch++) {
      const way = WAYS[epoch % WAYS.length] ?? WAYS[0];
      const used: Store = way === WAYS[0] ? single : store;
      const pending = { steps: 0, loss: 0, gradientNorm: 0 };
      const position = { epoch, stepInEpoch: 0, step: epoch, pending, epochLoss: 0, elapsedMs: 0 };
      const target = way === WAYS[3] ? elsewhere : checkpointsInto(used);
      const writer = new CheckpointWriter(target);
      const startedAtMs = performance.now();
      const tensors = await trainer.checkpointTensors();
      writer.begin(record, { position, tensors });
      const copiedMs = performance.now() - startedAtMs;
      let lostMs = copiedMs;
      if (way === WAYS[2] || way === WAYS[3]) {
        const stepMs = median(usual);
        let steps = 0;
        for (; (await writer.collect({ waitMs: target.waitShare * stepMs })) === null; steps++) await trainStep();
        lostMs = performance.now() - startedAtMs - steps * stepMs;
      } else {
        await writer.collect({ waitMs: Infinity });
        lostMs = performance.now() - startedAtMs;
      }
      ends.push({ way, writtenMs: performance.now() - startedAtMs, copiedMs, lostMs });
      for (let count = 0; count < 4; count++) usual.push(await trainStep());
    }
    for (const used of [store, indexedDb()]) await removeRun(used, record.spec.id);
    trainer.dispose();
    return ends;
  },
});
