// The GPU under this machine's settings, with the fastest matrix products that were found for it.
import { LENGTH_BUCKETS, lengthBucket } from '../data/pieces/sequences.ts';
import type { MatmulShape } from '../engine/kernels/matmul/matmulShape.ts';
import { computeOptionsFor, type EngineGpu } from '../engine/network/computeOptions.ts';
import { recordedProducts, tuneMatmul } from '../engine/tuning/autotune.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MachineSettings } from '../schema/machineSettings.ts';
import type { MatmulTable } from '../schema/matmulTable.ts';
import { readMatmulTable, writeMatmulTable } from '../storage/machineRecords.ts';
import type { Store } from '../storage/store.ts';
import { mapEvents } from '../util/work.ts';
import type { TrainingEvent } from '../wire/trainingEvent.ts';
import type { EncodedTasks } from './encodeTasks.ts';

/** A run of hours may begin with so much looking for faster products; what is found serves every later run. */
const TUNING_BUDGET_MS = 30_000;

const tableOf = (gpu: EngineGpu, store: Store, { precision }: MachineSettings): Promise<MatmulTable | undefined> =>
  readMatmulTable(store, { adapter: gpu.adapter, browser: gpu.browser, precision });

/** The GPU as settings and earlier tuning say it is to be used. */
export async function gpuUnderSettings(gpu: EngineGpu, store: Store, settings: MachineSettings): Promise<EngineGpu> {
  const table = gpu.software ? undefined : await tableOf(gpu, store, settings);
  return { ...gpu, compute: computeOptionsFor(gpu, settings, table) };
}

/**
 * Tunes the products of a run's steps that were not tuned before on this adapter, and stores what was found before anything uses it. On
 * software adapters nothing is tuned: timing there says little, and takes long. Throws the reason of `signal`.
 */
export async function* tuneForRun(
  gpu: EngineGpu,
  store: Store,
  settings: MachineSettings,
  tasks: EncodedTasks,
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EngineGpu> {
  if (gpu.software) return gpu;
  const known = await tableOf(gpu, store, settings);
  const { precision } = settings;
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

/** Of micro-batches of every length that the run has. */
function productsOf({ shape, train }: EncodedTasks, config: TrainingConfig): readonly MatmulShape[] {
  const present = new Set(train.sequences.map(({ pieceIds }) => lengthBucket(pieceIds.length)));
  const buckets = LENGTH_BUCKETS.filter((bucket) => present.has(bucket));
  return buckets.flatMap((pieces) => recordedProducts(shape, config.dropout, { size: config.microBatchSize, pieces }));
}
