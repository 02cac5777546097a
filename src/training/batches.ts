// The order of training: which sequences make each update, as a function of seed and epoch alone.
import { lengthBucket } from '../data/lengthBuckets.ts';
import type { BatchSize } from '../model/batch.ts';
import { Rng } from '../util/rng.ts';

/** Sequence indices of one update, cut into micro-batches. */
export type StepPlan = readonly (readonly number[])[];

/** Batches sorted by length together: enough to waste little padding, few enough to keep the order random. */
const POOL_BATCHES = 50;

/**
 * The updates of an epoch that shows the sequences in `shown`. They are shuffled, sorted by length within pools of 50 batches, cut into
 * batches, and the batches shuffled: each sequence as often as it is shown, each batch of similar lengths.
 */
export function epochSteps(
  lengths: readonly number[],
  shown: readonly number[],
  { batchSize, microBatchSize }: { readonly batchSize: number; readonly microBatchSize: number },
  seed: number,
  epoch: number,
): readonly StepPlan[] {
  const rng = Rng.seeded(seed).fork('order', epoch);
  const order = rng.shuffled(shown);
  const batches: number[][] = [];
  for (let from = 0; from < order.length; from += batchSize * POOL_BATCHES) {
    const pool = order.slice(from, from + batchSize * POOL_BATCHES);
    pool.sort((left, right) => (lengths[left] as number) - (lengths[right] as number));
    batches.push(...chunks(pool, batchSize));
  }
  return rng.shuffled(batches).map((batch) => chunks(batch, microBatchSize));
}

/** The sizes of all micro-batches of these updates, each once, as `padBatch` pads them. */
export function batchSizes(plans: readonly StepPlan[], lengths: readonly number[]): readonly BatchSize[] {
  const sizes = new Map<string, BatchSize>();
  for (const indices of plans.flat()) {
    const pieces = lengthBucket(Math.max(...indices.map((index) => lengths[index] as number)));
    sizes.set(`${indices.length} ${pieces}`, { size: indices.length, pieces });
  }
  return [...sizes.values()];
}

/** Updates in an epoch of so many sequences. */
export function stepsPerEpoch(sequences: number, batchSize: number): number {
  return Math.ceil(sequences / batchSize);
}

/** Indices in order of length, in batches of `batchSize`, for evaluation. */
export function evaluationBatches(lengths: readonly number[], batchSize: number): readonly (readonly number[])[] {
  const order = lengths.map((_, index) => index);
  order.sort((left, right) => (lengths[left] as number) - (lengths[right] as number));
  return chunks(order, batchSize);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size));
  return parts;
}
