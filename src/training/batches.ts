// Chooses the sequences of each update as a function of seed and epoch alone, and pads them into batches.
import { lengthBucket, type Sequence } from '../data/pieces/sequences.ts';
import type { Batch, BatchCharacters, BatchSize } from '../model/blocks/batch.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { Rng } from '../util/random.ts';

/** Sequence indices of one update, split into micro-batches. */
export type StepPlan = readonly (readonly number[])[];

/** Batches per pool that is sorted by length: enough to waste little padding, few enough to keep the order random. */
const POOL_BATCHES = 50;

/**
 * Plans the updates of an epoch over the sequences in `shown`: shuffles them, sorts them by length within pools of 50 batches, cuts
 * batches of similar lengths, and shuffles the batches. Each sequence occurs as often as in `shown`.
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

/** Distinct sizes of all micro-batches of these updates, as padded by `padBatch`. */
export function batchSizes(plans: readonly StepPlan[], lengths: readonly number[]): readonly BatchSize[] {
  const sizes = new Map<string, BatchSize>();
  for (const indices of plans.flat()) {
    const pieces = lengthBucket(Math.max(...indices.map((index) => lengths[index] as number)));
    sizes.set(`${indices.length} ${pieces}`, { size: indices.length, pieces });
  }
  return [...sizes.values()];
}

/** Number of updates in an epoch of `sequences` sequences. */
export function stepsPerEpoch(sequences: number, batchSize: number): number {
  return Math.ceil(sequences / batchSize);
}

/** Sequence indices by increasing length, in batches of `batchSize`, for evaluation. */
export function evaluationBatches(lengths: readonly number[], batchSize: number): readonly (readonly number[])[] {
  const order = lengths.map((_, index) => index);
  order.sort((left, right) => (lengths[left] as number) - (lengths[right] as number));
  return chunks(order, batchSize);
}

/** Pieces of a batch for tagging, padding included: more gain nothing on a processor, and little on a GPU. */
const TAGGING_PIECES = 4096;
const MOST_TAGGED_AT_ONCE = 256;

/**
 * Sequence indices in batches for tagging, each of one length bucket, the shortest first. Sizes are powers of two, so that a tagger that runs for
 * days records few shapes; at least as many sequences as `least` fit in a batch, however long they are.
 */
export function taggingBatches(lengths: readonly number[], least: number): readonly (readonly number[])[] {
  const byBucket = new Map<number, number[]>();
  for (const [index, length] of lengths.entries()) {
    const bucket = lengthBucket(length);
    const members = byBucket.get(bucket);
    if (members === undefined) byBucket.set(bucket, [index]);
    else members.push(index);
  }
  return [...byBucket]
    .sort(([left], [right]) => left - right)
    .flatMap(([bucket, members]) => {
      const most = Math.max(powerBelow(least), Math.min(MOST_TAGGED_AT_ONCE, powerBelow(TAGGING_PIECES / bucket)));
      const batches: number[][] = [];
      for (let from = 0, size = most; from < members.length; from += size) {
        size = Math.min(most, powerBelow(members.length - from));
        batches.push(members.slice(from, from + size));
      }
      return batches;
    });
}

/** The largest power of two that is not above a number from 1. */
function powerBelow(number: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, number)));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size));
  return parts;
}

const PAD_ID = 5;

/** Pads to the length bucket of the longest sequence, so that a run uses few shapes and few GPU buffers for them. */
export function padBatch(sequences: readonly Sequence[], indices: readonly number[]): Batch {
  const chosen = indices.map((index) => sequences[index] as Sequence);
  const size = chosen.length;
  const pieces = lengthBucket(Math.max(...chosen.map(({ pieceIds }) => pieceIds.length)));
  const positions = lengthBucket(Math.max(...chosen.map(({ crfPositions }) => crfPositions.length)));
  const pieceIds = new Int32Array(size * pieces).fill(PAD_ID);
  const segmentIds = new Int32Array(size * pieces);
  const crfPositions = new Int32Array(size * positions);
  const tags = new Int32Array(size * positions);
  const tagCount = Math.max(0, ...chosen.map(({ openTags }) => openTags?.length ?? 0));
  const openTags = new Int32Array(size * tagCount);
  for (const [row, sequence] of chosen.entries()) {
    if (sequence.openTags !== undefined) openTags.set(sequence.openTags, row * tagCount);
    pieceIds.set(sequence.pieceIds, row * pieces);
    segmentIds.set(sequence.segmentIds, row * pieces);
    crfPositions.set(sequence.crfPositions, row * positions);
    tags.set(sequence.tags, row * positions);
  }
  return {
    size,
    pieces,
    positions,
    pieceIds,
    segmentIds,
    pieceCounts: Int32Array.from(chosen, (sequence) => sequence.pieceIds.length),
    crfPositions,
    tags,
    crfCounts: Int32Array.from(chosen, (sequence) => sequence.crfPositions.length),
    ...(tagCount === 0 ? {} : { openTags }),
    ...(chosen.some(({ characters }) => characters !== undefined) && {
      characters: batchCharacters(chosen.map(({ characters = [] }) => characters), pieces), // prettier-ignore
    }),
    ...(chosen.every(({ features }) => features !== undefined) && { features: paddedFeatures(chosen, pieces) }),
  };
}

function paddedFeatures(chosen: readonly Sequence[], pieces: number): Float32Array<ArrayBuffer> {
  const [first] = chosen;
  const width = first === undefined ? 0 : (first.features?.length ?? 0) / first.pieceIds.length;
  const features = new Float32Array(chosen.length * pieces * width);
  chosen.forEach((sequence, row) => features.set(sequence.features ?? [], row * pieces * width));
  return features;
}

/** Lists each distinct spelling once, first that of padding, which has no characters; the others in the order in which they occur. */
export function batchCharacters(sequences: readonly (readonly Int32Array[])[], pieces: number): BatchCharacters {
  const rows = new Int32Array(sequences.length * pieces);
  const spellings: Int32Array[] = [new Int32Array()];
  const known = new Map<string, number>([['', 0]]);
  sequences.forEach((sequence, row) => {
    sequence.forEach((spelling, piece) => {
      const key = spelling.join();
      const found = known.get(key) ?? spellings.push(spelling) - 1;
      known.set(key, found);
      rows[row * pieces + piece] = found;
    });
  });
  const counts = Int32Array.from(spellings, ({ length }) => length);
  const longest = Math.max(1, ...counts);
  const ids = new Int32Array(spellings.length * longest);
  spellings.forEach((spelling, word) => ids.set(spelling, word * longest));
  return { words: spellings.length, longest, ids, counts, rows };
}

/**
 * Indices of the sequences shown in an epoch; tasks have `sizes` sequences each, numbered one task after the other. The total equals the
 * number of sequences, split among tasks in proportion to their size (each once: the paper's shuffle of all datasets), to its square root,
 * or equally. An oversampled task restarts in a new order when exhausted; an undersampled one continues in the next epoch
 * where it stopped, so that its sequences are seen equally often over epochs. A function of (seed, epoch) alone.
 */
export function taskMixer(
  sizes: readonly number[],
  mixing: TrainingConfig['mixing'],
  seed: number,
  epoch: number,
): readonly number[] {
  const rng = Rng.seeded(seed).fork('mixing'); // the epoch enters through the draw numbers
  const shares = sharesOf(sizes, mixing);
  const shown: number[] = [];
  let offset = 0;
  for (const [task, size] of sizes.entries()) {
    const share = shares[task] as number;
    let pass = -1;
    let order: readonly number[] = [];
    for (let draw = epoch * share; draw < (epoch + 1) * share; draw++) {
      if (Math.floor(draw / size) !== pass) {
        pass = Math.floor(draw / size);
        order = rng.fork(task, pass).shuffled(Array.from({ length: size }, (_, index) => offset + index));
      }
      shown.push(order[draw % size] as number);
    }
    offset += size;
  }
  return shown;
}

/** Number of sequences of each task in an epoch: integers that sum to the total, by the largest-remainder method. */
export function sharesOf(sizes: readonly number[], mixing: TrainingConfig['mixing']): readonly number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const weights = sizes.map((size) => {
    if (size === 0 || mixing === 'proportional') return size;
    return mixing === 'squareRoot' ? Math.sqrt(size) : 1;
  });
  const weight = weights.reduce((sum, value) => sum + value, 0);
  const exact = weights.map((value) => (total * value) / weight);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((_, task) => task).sort((a, b) => remainder(exact, b) - remainder(exact, a) || a - b);
  for (const task of byRemainder.slice(0, left)) shares[task] = (shares[task] as number) + 1;
  return shares;
}

function remainder(exact: readonly number[], task: number): number {
  const value = exact[task] as number;
  return value - Math.floor(value);
}
