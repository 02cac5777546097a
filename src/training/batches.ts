// Chooses and pads the sequences of each update as a function of seed and epoch alone, frozen features computed once.
import * as tf from '@tensorflow/tfjs';
import type { Sentence, Split, SplitCounts } from '../data/corpus/corpus.ts';
import type { TagSet } from '../data/corpus/tagScheme.ts';
import { lengthBucket, type Sequence } from '../data/pieces/sequences.ts';
import type { Batch, BatchCharacters, BatchSize } from '../model/blocks/encoderFamily.ts';
import { disposeParameters, uploadParameters } from '../model/blocks/layerBlocks.ts';
import type { HostParameters } from '../model/blocks/parameterLocation.ts';
import { familyOf } from '../model/families/encoderConfig.ts';
import type { TaggerShape } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { TaskLeakCounts } from '../schema/runRecord.ts';
import { macrotask } from '../util/clock.ts';
import { Rng } from '../util/random.ts';
import type { TrainingEvent } from '../wire/trainingProtocol.ts';

/** The sentences of one split and the sequences made from them. */
export interface EncodedSplit {
  readonly sentences: readonly Sentence[];
  readonly sequences: readonly Sequence[];
}

export interface EncodedTasks {
  /** Training sequences of all tasks, one task after the other: `sizes` says how many of each, `tokenCounts` the tokens of each sequence. */
  readonly train: {
    readonly sequences: readonly Sequence[];
    readonly sizes: readonly number[];
    readonly tokenCounts: readonly number[];
  };
  /** For each task; empty where devel is part of training. */
  readonly devel: readonly EncodedSplit[];
  /** For each task. */
  readonly test: readonly EncodedSplit[];
  readonly tagSet: TagSet;
  readonly shape: TaggerShape;
  /** For each task: the types that are scored; null for all. */
  readonly scoredTypes: RunText['scoredTypes'];
  /** For each task, as used in this run. */
  readonly counts: readonly Record<Split, SplitCounts>[];
  readonly leaks: readonly TaskLeakCounts[];
}

/** The sentences of a run's tasks by split, with the resulting tag set and network shape. */
export interface RunText {
  /** For each task; devel is empty where it is part of training. */
  readonly tasks: readonly TaskSplits[];
  readonly tagSet: TagSet;
  readonly shape: TaggerShape;
  /** For each task: tags [K] that a training token outside mentions may have; null where it has one tag. */
  readonly openTags: readonly (Int32Array<ArrayBuffer> | null)[];
  /** For each task: the type that its text asks for; null without. */
  readonly asked: readonly (string | null)[];
  /** For each task: the types that are scored; null for all of the tag set. */
  readonly scoredTypes: readonly (readonly string[] | null)[];
}

export type TaskSplits = Readonly<Record<Split, readonly Sentence[]>>;

/** Sequences of all splits together. */
export function countSequences(splits: readonly EncodedSplit[]): number {
  return splits.reduce((sum, { sequences }) => sum + sequences.length, 0);
}

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

/** Plans the updates of an epoch of tasks that have `sizes` sequences each, mixed as the configuration says. */
export function mixedSteps(
  lengths: readonly number[],
  sizes: readonly number[],
  config: Pick<TrainingConfig, 'batchSize' | 'microBatchSize' | 'mixing'>,
  seed: number,
  epoch: number,
): readonly StepPlan[] {
  return epochSteps(lengths, taskMixer(sizes, config.mixing, seed, epoch), config, seed, epoch);
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

// Lets each sequence of a run pass the network's frozen part once, before training: states of language models and of other tasks' taggers.

/** Of features of all sequences together; beyond it they are computed in each step. */
const MOST_BYTES = 768 * 2 ** 20;
/** Sequences at once: the same whatever a run's micro-batches, so that the numbers are, too. */
const AT_ONCE = 16;

/**
 * Adds features to the sequences of a run whose encoder has a frozen part, if they fit into memory; `weights` are those of model and helpers.
 * They depend on text and weights alone, so a run that is resumed gets the same. Yields progress in sequences; throws the reason of `signal`.
 */
export async function* withFeatures(
  tasks: EncodedTasks,
  weights: HostParameters,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EncodedTasks> {
  const { encoder } = tasks.shape;
  const { frozen, isConstant } = familyOf(encoder);
  const width = frozen?.width(encoder) ?? 0;
  if (frozen === undefined || width === 0) return tasks;
  const splits = [tasks.train.sequences, ...[...tasks.devel, ...tasks.test].map(({ sequences }) => sequences)];
  const all = splits.flat();
  const pieces = all.reduce((sum, { pieceIds }) => sum + pieceIds.length, 0);
  if (4 * width * pieces > MOST_BYTES) return tasks;
  const found = new Map<Sequence, Sequence>();
  const parameters = uploadParameters(new Map([...weights].filter(([name]) => isConstant?.(name) === true)));
  try {
    const lengths = all.map(({ pieceIds }) => pieceIds.length);
    for (const indices of evaluationBatches(lengths, AT_ONCE)) {
      yield { kind: 'phase', phase: 'encoding', done: found.size, of: all.length };
      await macrotask();
      signal.throwIfAborted();
      const batch = padBatch(all, indices);
      const features = tf.tidy(() => frozen.features(batch, parameters, encoder));
      const values = (await features.data()) as Float32Array;
      features.dispose();
      indices.forEach((index, row) => {
        const sequence = all[index] as Sequence;
        const from = row * batch.pieces * width;
        found.set(sequence, { ...sequence, features: values.slice(from, from + sequence.pieceIds.length * width) as Float32Array<ArrayBuffer> }); // prettier-ignore
      });
    }
  } finally {
    disposeParameters(parameters);
  }
  const ready = (sequences: readonly Sequence[]): readonly Sequence[] => sequences.map((one) => found.get(one) ?? one);
  const ofSplit = <Split extends { readonly sequences: readonly Sequence[] }>(split: Split): Split => ({ ...split, sequences: ready(split.sequences) }); // prettier-ignore
  return {
    ...tasks,
    train: { ...tasks.train, sequences: ready(tasks.train.sequences) },
    devel: tasks.devel.map(ofSplit),
    test: tasks.test.map(ofSplit),
  };
}
