// Predicts and scores splits, and selects the best snapshot.
import { fingerprintOfSplit, type Sentence } from '../data/corpus/corpus.ts';
import { keepTypes, mentionsToTags, type TagSet } from '../data/corpus/tagScheme.ts';
import { lenientMentions } from '../data/corpus/tagSequences.ts';
import { joinPredictions, type Sequence } from '../data/pieces/sequences.ts';
import { packCounts, type PackedCounts } from '../metrics/scores/packedCounts.ts';
import { scoreSplit } from '../metrics/scores/scoreSplit.ts';
import { sentenceCounts, type SplitScores } from '../metrics/scores/spanScore.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { EpochPoint, RunRecord, SnapshotScores } from '../schema/runRecord.ts';
import { macrotask, mapEvents } from '../util/clock.ts';
import type { TrainingEvent } from '../wire/trainingProtocol.ts';
import { evaluationBatches, padBatch, type EncodedSplit, type EncodedTasks } from './batches.ts';
import type { Prediction, Predictor } from './trainers.ts';

/** Micro-batches per evaluation batch: without a backward pass, more sequences fit into memory. */
const EVALUATION_MICRO_BATCHES = 2;

interface PredictedBatch {
  /** Indices of its sequences. */
  readonly indices: readonly number[];
  readonly prediction: Prediction;
}

/** Divides sequences of these lengths into batches, of at least `size` where there are as many. */
export type BatchesOf = (lengths: readonly number[], size: number) => readonly (readonly number[])[];

/** Predicts sequences by increasing length. Throws the signal's reason when aborted. */
export async function* predictBatches(
  sequences: readonly Sequence[],
  predictor: Predictor,
  { microBatchSize }: Pick<TrainingConfig, 'microBatchSize'>,
  signal: AbortSignal,
  batchesOf: BatchesOf = evaluationBatches,
): AsyncGenerator<PredictedBatch, void> {
  const lengths = sequences.map(({ pieceIds }) => pieceIds.length);
  for (const indices of batchesOf(lengths, microBatchSize * EVALUATION_MICRO_BATCHES)) {
    signal.throwIfAborted();
    yield { indices, prediction: await predictor.predict(padBatch(sequences, indices)) };
    await macrotask();
  }
}

/**
 * Predicts tag indices [N] for each sequence (paper, prediction).
 * Yields the number of sequences done after each batch; throws the signal's reason when aborted.
 */
async function* predict(
  sequences: readonly Sequence[],
  predictor: Predictor,
  config: Pick<TrainingConfig, 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<number, readonly Int32Array[]> {
  const predicted: Int32Array[] = [];
  let done = 0;
  for await (const { indices, prediction } of predictBatches(sequences, predictor, config, signal)) {
    for (const [row, index] of indices.entries()) predicted[index] = prediction.tags[row] as Int32Array;
    done += indices.length;
    yield done;
  }
  return predicted;
}

/** Gold and predicted tags, both `[sentences][tokens]`, in the run's tag scheme. */
export interface TaggedSplit {
  readonly gold: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
}

/** Yields the number of sequences done. Throws the reason of `signal`. */
export async function* tagSplit(
  { sentences, sequences }: EncodedSplit,
  tagSet: TagSet,
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<number, TaggedSplit> {
  const found = yield* predict(sequences, predictor, config, signal);
  return {
    gold: sentences.map(({ mentions, tokens }) => mentionsToTags(mentions, tokens.length, config.tagScheme)),
    predicted: joinPredictions(sentences, sequences, found, tagSet),
  };
}

export interface Evaluation {
  readonly scores: SplitScores;
  /** `[sentences][tokens]`, in the run's tag scheme. */
  readonly predicted: TaggedSplit['predicted'];
}

/**
 * Predicts and scores every token of every sentence, reporting progress in sequences. Of a tagger that knows more types than the task
 * annotates, only the task's `types` are scored and returned.
 */
export async function* evaluate(
  split: EncodedSplit,
  { tagSet, types }: { readonly tagSet: TagSet; readonly types: readonly string[] | null },
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, Evaluation> {
  const tagging = tagSplit(split, tagSet, predictor, config, signal);
  const of = split.sequences.length;
  const { gold, predicted: found } = yield* mapEvents(tagging, (done): TrainingEvent => ({
    kind: 'phase',
    phase: 'evaluating',
    done,
    of,
  }));
  const predicted = types === null ? found : found.map((tags) => keepTypes(tags, types));
  return { scores: scoreSplit(gold, predicted, config.tagScheme), predicted };
}

/** Evaluates one split of every task, null where it has no sentences; `onEvaluated` is called after each with its sequences. */
export async function* evaluateSplits(
  splits: readonly EncodedSplit[],
  { tagSet, scoredTypes }: { readonly tagSet: TagSet; readonly scoredTypes: readonly (readonly string[] | null)[] },
  predictor: Predictor,
  config: Pick<TrainingConfig, 'tagScheme' | 'microBatchSize'>,
  signal: AbortSignal,
  onEvaluated: (sequences: number) => void,
): AsyncGenerator<TrainingEvent, readonly (Evaluation | null)[]> {
  const evaluations: (Evaluation | null)[] = [];
  for (const [task, split] of splits.entries()) {
    const isEmpty = split.sequences.length === 0;
    const asked = { tagSet, types: scoredTypes[task] ?? null };
    evaluations.push(isEmpty ? null : yield* evaluate(split, asked, predictor, config, signal));
    if (!isEmpty) onEvaluated(split.sequences.length);
  }
  return evaluations;
}

/** Null where there was nothing to score. */
function scoresOf(evaluations: readonly (Evaluation | null)[]): SnapshotScores['test'] {
  return evaluations.map((evaluation) => evaluation && evaluation.scores);
}

/** The scores of an epoch on devel, with the counts of each sentence where a search for the rate reads them. */
export function develScores(
  splits: readonly EncodedSplit[],
  evaluations: readonly (Evaluation | null)[],
  withCounts: boolean,
): Pick<EpochPoint, 'devel' | 'develCounts'> {
  const devel = scoresOf(evaluations);
  return withCounts ? { devel, develCounts: countsOfTasks(splits, evaluations) } : { devel };
}

/**
 * Lists the snapshots of `epochs` with the scores known so far, null for each task without. All that there have to be: a mean over
 * fewer snapshots is another number.
 */
export function snapshotsToScore(
  record: Pick<RunRecord, 'epochs' | 'snapshots'>,
  epochs: readonly number[],
  tasks: Pick<EncodedTasks, 'devel' | 'test'>,
): SnapshotScores[] {
  return epochs.map((epoch) => {
    const devel = record.epochs.find((point) => point.epoch === epoch)?.devel ?? tasks.devel.map(() => null);
    const known = record.snapshots.find((snapshot) => snapshot.epoch === epoch);
    return { ...known, epoch, devel, test: known?.test ?? tasks.test.map(() => null) };
  });
}

/** Adds the scores on test to a snapshot, with the counts of each sentence; `tests` and `evaluations` are those of all tasks. */
export function scoredSnapshot(
  snapshot: SnapshotScores,
  tests: readonly EncodedSplit[],
  evaluations: readonly (Evaluation | null)[],
): SnapshotScores {
  return { ...snapshot, test: scoresOf(evaluations), testCounts: countsOfTasks(tests, evaluations) };
}

/** The counts of each sentence of one split of every task; null where there was nothing to score. */
function countsOfTasks(
  splits: readonly EncodedSplit[],
  evaluations: readonly (Evaluation | null)[],
): (PackedCounts | null)[] {
  return splits.map(({ sentences }, task) => {
    const predicted = evaluations[task]?.predicted;
    return predicted === undefined ? null : countsOf(sentences, predicted);
  });
}

/** Counts what was predicted in each sentence as conlleval reads it; the sums are those of the lenient scores. */
function countsOf(sentences: readonly Sentence[], predicted: Evaluation['predicted']): PackedCounts | null {
  const gold = sentences.map(({ mentions }) => mentions);
  return packCounts(sentenceCounts(gold, predicted.map(lenientMentions)), fingerprintOfSplit(sentences));
}

/**
 * Selects a snapshot of a run that is done. Counts of sentences stay with that one alone: tests and intervals are about it, and each takes its
 * room in the file.
 */
export function selection(snapshots: readonly SnapshotScores[]): Pick<RunRecord, 'snapshots' | 'selectedEpoch'> {
  const selected = selectedEpoch(snapshots);
  const trimmed = snapshots.map(({ testCounts, ...scores }) =>
    testCounts === undefined || scores.epoch !== selected ? scores : { ...scores, testCounts },
  );
  return { snapshots: trimmed, selectedEpoch: selected };
}

/** Selects the epoch with the highest devel F1 (mean over tasks, ties to the latest); the last one without devel. Null without snapshots. */
export function selectedEpoch(snapshots: readonly SnapshotScores[]): number | null {
  let best: SnapshotScores | null = null;
  const f1 = ({ devel }: SnapshotScores): number => {
    const known = devel.filter((scores) => scores !== null);
    return known.length === 0 ? -1 : known.reduce((sum, { lenient }) => sum + lenient.overall.f1, 0) / known.length;
  };
  for (const snapshot of snapshots) if (best === null || f1(snapshot) >= f1(best)) best = snapshot;
  return best?.epoch ?? null;
}
