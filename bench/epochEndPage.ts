// The page in which checkpoints are written: epochEnd.bench.ts opens it and calls `writeEpochEnds`.
import { newEncoder, newHead } from '../src/model/parameters.ts';
import type { HostTensor } from '../src/model/parameters.ts';
import { indexedDb } from '../src/storage/indexedDb.ts';
import { removeRun } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { saveCheckpoint, saveSnapshot } from '../src/training/checkpoint.ts';
import { FIRST, SECOND } from '../src/training/trainer.ts';
import { benchShapes, taggerOf } from './benchShape.ts';

/** Milliseconds of one epoch's end, by what was written. */
export interface EpochEnd {
  readonly grouped: boolean;
  readonly snapshotMs: number;
  readonly resumePointMs: number;
}

const RUN_ID = 'epoch-ends';

Object.assign(globalThis, {
  async writeEpochEnds(rounds: number): Promise<readonly EpochEnd[]> {
    const { encoder, head } = taggerOf(benchShapes.issue);
    const weights = new Map<string, HostTensor>([...newEncoder(encoder, 1), ...newHead(encoder, head, 1)]);
    const tensors = new Map(weights);
    for (const prefix of [FIRST, SECOND]) for (const [name, tensor] of weights) tensors.set(prefix + name, tensor);
    const store = indexedDb('epoch-ends');
    const { writeGroup: _, ...single } = store;
    const ends: EpochEnd[] = [];
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const startedAtMs = performance.now();
      await work();
      return performance.now() - startedAtMs;
    };
    for (let epoch = 1; epoch <= 2 * rounds; epoch++) {
      const grouped = epoch % 2 === 0;
      const used: Store = grouped ? store : single;
      const pending = { steps: 0, loss: 0, gradientNorm: 0 };
      const position = { epoch, stepInEpoch: 0, step: epoch, pending, epochLoss: 0, elapsedMs: 0 };
      const snapshotMs = await timed(() => saveSnapshot(used, RUN_ID, epoch, weights, 1));
      const resumePointMs = await timed(() => saveCheckpoint(used, RUN_ID, { position, tensors }));
      ends.push({ grouped, snapshotMs, resumePointMs });
    }
    await removeRun(store, RUN_ID);
    return ends;
  },
});
