// Configures the GPU with this machine's settings and the fastest matrix products, tuning them before a run.
import { LENGTH_BUCKETS, lengthBucket } from '../data/pieces/sequences.ts';
import type { MatmulShape } from '../engine/kernels/matmul/matmulShape.ts';
import { computeOptionsFor, engineMisfit, type EngineGpu } from '../engine/network/computeOptions.ts';
import { recordedProducts, tuneMatmul } from '../engine/tuning/autotune.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MachineSettings } from '../schema/machineSettings.ts';
import type { MatmulTable } from '../schema/matmulTable.ts';
import { readMatmulTable, writeMatmulTable } from '../storage/machineRecords.ts';
import { ifCorrupt } from '../storage/records.ts';
import type { Store } from '../storage/store.ts';
import { mapEvents } from '../util/work.ts';
import type { TrainingEvent } from '../wire/trainingEvent.ts';
import type { EncodedTasks } from './encodeTasks.ts';

/** Tuning time before a run, in milliseconds: small for a run of hours, and later runs reuse the result. */
const TUNING_BUDGET_MS = 30_000;

const tableOf = (
  gpu: EngineGpu,
  store: Store,
  { precision = 'f32' }: MachineSettings,
): Promise<MatmulTable | undefined> =>
  // Tunes again where the table is damaged.
  readMatmulTable(store, { adapter: gpu.adapter, browser: gpu.browser, precision }).catch(ifCorrupt(undefined));

/** Configures the GPU with the settings and the results of earlier tuning. */
export async function gpuUnderSettings(gpu: EngineGpu, store: Store, settings: MachineSettings): Promise<EngineGpu> {
  const table = gpu.software ? undefined : await tableOf(gpu, store, settings);
  return { ...gpu, compute: computeOptionsFor(gpu, settings, table) };
}

/**
 * Tunes the products of a run's steps that were not tuned before on this adapter, and stores the result before it is used. Skips
 * software adapters, where timing is slow and says little, and encoders that the engine does not compute. Throws the reason of `signal`.
 */
export async function* tuneForRun(
  gpu: EngineGpu,
  store: Store,
  settings: MachineSettings,
  tasks: EncodedTasks,
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EngineGpu> {
  if (gpu.software || engineMisfit(tasks.shape.encoder) !== null) return gpu;
  const known = await tableOf(gpu, store, settings);
  const { precision = 'f32' } = settings;
  const tuning = tuneMatmul(gpu.device, productsOf(tasks, config), {
    adapter: gpu.adapter,
    precision,
    untuned: computeOptionsFor(gpu, settings).tuning,
    budgetMs: TUNING_BUDGET_MS,
    pipelines: gpu.pipelines,
    signal,
    ...(known === undefined ? {} : { known }),
  });
  const table = yield* mapEvents(tuning, (progress): TrainingEvent => ({
    kind: 'phase',
    ...progress,
    phase: 'tuning',
  }));
  await writeMatmulTable(store, { adapter: gpu.adapter, browser: gpu.browser, precision }, table);
  return { ...gpu, compute: computeOptionsFor(gpu, settings, table) };
}

/** Matrix products for micro-batches of every length bucket in the run. */
function productsOf({ shape, train }: EncodedTasks, config: TrainingConfig): readonly MatmulShape[] {
  const present = new Set(train.sequences.map(({ pieceIds }) => lengthBucket(pieceIds.length)));
  const buckets = LENGTH_BUCKETS.filter((bucket) => present.has(bucket));
  return buckets.flatMap((pieces) => recordedProducts(shape, config.dropout, { size: config.microBatchSize, pieces }));
}
