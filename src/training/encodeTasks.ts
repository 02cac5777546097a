// The tasks of a run as sequences to train and to score on.
import type { Sentence, Split } from '../data/corpus.ts';
import { SPLITS } from '../data/corpus.ts';
import { countSentences } from '../data/describeSentences.ts';
import { shareOfSentences } from '../data/shareOfSentences.ts';
import type { Sequence } from '../data/features.ts';
import type { TagSet } from '../data/tagSet.ts';
import type { PieceTokenizer } from '../data/tokenizer.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { EncoderConfig } from '../model/encoderConfig.ts';
import type { SplitCounts } from '../data/corpusSource.ts';
import type { LeakCounts, RunSpec } from '../schema/runRecord.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import { LabError } from '../util/labError.ts';
import { encodeSentences } from './encodeSentences.ts';
import { leaveOutLeaks } from './leaveOutLeaks.ts';
import { runText, type TaskText } from './runText.ts';
import type { EncodedSplit } from './tagSplit.ts';

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
  /** For each task, as it enters this run. */
  readonly counts: readonly Record<Split, SplitCounts>[];
  readonly leaks: readonly LeakCounts[];
}

/**
 * Encodes all splits of all tasks, with the share of training sentences that is asked for and without those to be left out of it, telling its progress in sentences. Tags are those of
 * all sentences. Throws LabError `task/empty` when there is no mention to learn, and the signal's reason when it is aborted.
 */
export async function* encodeTasks(
  texts: readonly TaskText[],
  model: { readonly config: EncoderConfig; readonly tokenizer: PieceTokenizer },
  { config, seed }: Pick<RunSpec, 'config' | 'seed'>,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EncodedTasks> {
  const { trainShare, leaveOut } = config;
  const { tasks: whole, tagSet, shape } = runText(texts, model.config, config);
  const shared =
    trainShare === undefined
      ? whole
      : whole.map((task) => ({ ...task, train: shareOfSentences(task.train, trainShare, seed) }));
  const { train: kept, leaks } = yield* leaveOutLeaks(shared, leaveOut, signal);
  const tasks = shared.map((task, place) => ({ ...task, train: kept[place] ?? [] }));
  if (!tasks.some(({ train }) => train.some(({ mentions }) => mentions.length > 0))) {
    throw new LabError('task/empty', 'The training sentences hold no mention to learn from.', {
      expected: `mentions of ${texts.map(({ type }) => type ?? 'any type').join(', ')}`,
      got: `${sum(tasks.map(({ train }) => train.length))} sentences without any, ${sum(leaks.map(({ leftOut }) => leftOut))} left out`,
    });
  }
  const total = sum(tasks.flatMap((task) => SPLITS.map((split) => task[split].length)));
  let before = 0;

  async function* encode(sentences: readonly Sentence[]): AsyncGenerator<TrainingEvent, EncodedSplit> {
    const encoding = encodeSentences(sentences, tagSet, model.tokenizer, config, signal);
    for (;;) {
      const step = await encoding.next();
      if (step.done === true) {
        before += sentences.length;
        return step.value;
      }
      yield { kind: 'phase', phase: 'encoding', done: before + step.value, total };
    }
  }

  const encoded: Record<Split, EncodedSplit>[] = [];
  for (const { train, devel, test } of tasks) {
    encoded.push({ train: yield* encode(train), devel: yield* encode(devel), test: yield* encode(test) });
  }
  const sequences = encoded.flatMap(({ train }) => train.sequences);
  return {
    train: {
      sequences,
      sizes: encoded.map(({ train }) => train.sequences.length),
      tokenCounts: sequences.map(({ tokenRefs }) => tokenRefs.length / 2),
    },
    devel: encoded.map(({ devel }) => devel),
    test: encoded.map(({ test }) => test),
    tagSet,
    shape,
    counts: tasks.map((task) => ({
      train: countSentences(task.train),
      devel: countSentences(task.devel),
      test: countSentences(task.test),
    })),
    leaks,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
