// Encodes the tasks of a run into sequences for training and scoring, leaving out leaked sentences.
import {
  countSentences,
  restrictToType,
  restrictToTypes,
  shareOfSentences,
  SPLITS,
  type CorpusSentences,
  type Sentence,
  type Split,
} from '../data/corpus/corpus.ts';
import { makeTagSet, openTagsOf, type TagSet } from '../data/corpus/tagScheme.ts';
import type { PieceTokenizer } from '../data/pieces/pieceModels.ts';
import { askingPieces, buildSequencesStepwise, type TaskLabels } from '../data/pieces/sequences.ts';
import { findLeaks, leakedSentences } from '../metrics/leaks.ts';
import { nearDefaults } from '../metrics/text/nearIndex.ts';
import type { EncoderConfig } from '../model/families/encoderConfig.ts';
import { adaptedEncoder } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { RunSpec, TaskLeakCounts, TaskRef } from '../schema/runRecord.ts';
import { macrotask, mapEvents, type Work } from '../util/clock.ts';
import { LabError } from '../util/labError.ts';
import type { TrainingEvent } from '../wire/trainingProtocol.ts';
import type { EncodedSplit, EncodedTasks, RunText, TaskSplits } from './batches.ts';

/** Sentences encoded before yielding to the event loop. */
const SENTENCES_A_TURN = 200;

/** Yields the number of sentences encoded; `labels` as in `buildSequencesStepwise`. Throws the reason of `signal`. */
export async function* encodeSentences(
  sentences: readonly Sentence[],
  tagSet: TagSet,
  tokenizer: PieceTokenizer,
  config: TrainingConfig,
  signal: AbortSignal,
  labels: TaskLabels = {},
): AsyncGenerator<number, EncodedSplit> {
  const building = buildSequencesStepwise(sentences, tagSet, tokenizer, config, labels);
  for (;;) {
    const step = building.next();
    if (step.done === true) return { sentences, sequences: step.value.sequences };
    if (step.value % SENTENCES_A_TURN > 0) continue;
    yield step.value;
    await macrotask();
    signal.throwIfAborted();
  }
}

interface TrainingText {
  /** For each task, in order. */
  readonly train: readonly (readonly Sentence[])[];
  readonly leaks: readonly TaskLeakCounts[];
}

/**
 * Removes training sentences that leak into the test split of any task of the run, if configured, and counts
 * leaks either way. An MTL-LS run compares with its own task alone: the MTL-XC run it starts from was trained under the same
 * configuration and so left out the leaks into the test text of every task of the category. Throws the reason of `signal`.
 */
async function* leaveOutLeaks(
  tasks: readonly TaskSplits[],
  leaveOut: TrainingConfig['leaveOut'],
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, TrainingText> {
  const found = yield* inTurns(
    findLeaks({
      tests: tasks.map(({ test }, task) => ({ task: String(task), sentences: test })),
      training: tasks.map(({ train }, task) => ({ task: String(task), split: 'train', sentences: train })),
      near: nearDefaults,
    }),
    signal,
  );
  const train = tasks.map((task) => task.train);
  const tests = tasks.map((task) => task.test);
  const leaked = leaveOut === undefined ? [] : yield* inTurns(leakedSentences(train, tests, leaveOut), signal);
  const trained = train.map((sentences, task) => sentences.filter((_, index) => leaked[task]?.[index] !== 1));
  const leaks = found.map(({ compared, exact, near }, task) => {
    return { compared, exact, near, leftOut: (train[task]?.length ?? 0) - (trained[task]?.length ?? 0) };
  });
  return { train: trained, leaks };
}

/** Runs work to its end, yielding to the event loop between steps. */
async function* inTurns<Result>(work: Work<Result>, signal: AbortSignal): AsyncGenerator<TrainingEvent, Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    yield { kind: 'phase', ...step.value, phase: 'comparing' };
    await macrotask();
    signal.throwIfAborted();
  }
}

/**
 * One task's text: its corpus, the type it is restricted to (null: all), the type name of its mentions in this run (null: unchanged), for
 * training on partial labels the types that the run's tasks annotate in its corpus (null: other types are not asked for), and whether each
 * text names its type as the one asked for.
 */
export interface TaskText {
  readonly sentences: CorpusSentences;
  readonly type: string | null;
  readonly typeName: string | null;
  readonly annotated: readonly string[] | null;
  readonly asks?: boolean;
}

/** Throws LabError `task/untyped` for a task whose text has to ask for its type and that has none. */
export function runText(texts: readonly TaskText[], encoder: EncoderConfig, config: TrainingConfig): RunText {
  const tasks = texts.map((text) => splitsOf(text, config.trainOn));
  const asked = texts.map(askedType);
  const isAsked = asked.some((type) => type !== null);
  const tagSet = makeTagSet(typesOf(tasks), config.tagScheme, config.labelMode, { asked: isAsked });
  const openTags = texts.map(({ annotated }) => annotated && openTagsOf(tagSet, annotated));
  const scoredTypes = texts.map(({ annotated, type, asks }) =>
    asks === true && type !== null ? [type] : annotated && (type === null ? annotated : [type]),
  );
  const head = {
    tagCount: tagSet.tags.length,
    kind: config.head,
    startEnd: config.crfStartEnd,
    ...(openTags.some((open) => open !== null) && { partial: true }),
  };
  return { tasks, tagSet, shape: { encoder: adaptedEncoder(encoder, config), head }, openTags, asked, scoredTypes };
}

function askedType({ asks = false, type }: TaskText): string | null {
  if (!asks || type !== null) return asks ? type : null;
  throw new LabError('task/untyped', 'Text asks for one type, and this task has none.', {
    expected: 'a type of the corpus',
    got: 'all types together',
  });
}

/** Throws LabError `task/asked-alike` where the tokenizer writes two types that text asks for as the same pieces. */
function assertAskedApart(asked: readonly (string | null)[], tokenizer: PieceTokenizer): void {
  const known = new Map<string, string>();
  for (const type of new Set(asked.filter((one) => one !== null))) {
    const pieces = askingPieces(type, tokenizer).opening.join(' ');
    const other = known.get(pieces);
    known.set(pieces, type);
    if (other === undefined) continue;
    throw new LabError(
      'task/asked-alike',
      'The tokenizer of the model cannot tell two types apart that text asks for.',
      {
        expected: 'types whose names differ in its pieces: rename one of them',
        got: `${other} and ${type} as the same pieces`,
      },
    );
  }
}

function splitsOf({ sentences, type, typeName, annotated }: TaskText, trainOn: TrainingConfig['trainOn']): TaskSplits {
  const ofTask = (split: Split): readonly Sentence[] => renamed(restrictToType(sentences[split], type), typeName);
  const trained = (split: Split): readonly Sentence[] =>
    annotated === null ? ofTask(split) : restrictToTypes(sentences[split], annotated);
  return trainOn === 'train'
    ? { train: trained('train'), devel: ofTask('devel'), test: ofTask('test') }
    : { train: [...trained('train'), ...trained('devel')], devel: [], test: ofTask('test') };
}

/** Types that the tasks of a run annotate in the corpus of task `index`, all of the corpus where one of its tasks is about all. */
export function annotatedTypes(
  sentences: CorpusSentences,
  tasks: readonly Pick<TaskRef, 'corpus' | 'type'>[],
  index: number,
): readonly string[] {
  const own = tasks.filter(({ corpus }) => corpus.id === tasks[index]?.corpus.id).map(({ type }) => type);
  const named = own.filter((type) => type !== null);
  if (named.length === own.length) return [...new Set(named)].sort();
  const all = SPLITS.flatMap((split) => sentences[split].flatMap(({ mentions }) => mentions.map(({ type }) => type)));
  return [...new Set(all)].sort();
}

/** Renames the type of all mentions to the category's type name, if any. */
function renamed(sentences: readonly Sentence[], typeName: string | null): readonly Sentence[] {
  if (typeName === null) return sentences;
  return sentences.map(({ tokens, mentions }) => ({
    tokens,
    mentions: mentions.map((mention) => ({ ...mention, type: typeName })),
  }));
}

/** Entity types of all splits, in code-unit order; types that occur only in test count too, so that gold tags exist. */
function typesOf(tasks: readonly TaskSplits[]): readonly string[] {
  const sentences = tasks.flatMap(({ train, devel, test }) => [...train, ...devel, ...test]);
  return [...new Set(sentences.flatMap(({ mentions }) => mentions.map(({ type }) => type)))].sort();
}

/**
 * Encodes all splits of all tasks, with the configured share of training sentences minus those left out, reporting progress in sentences.
 * The tag set covers all sentences. Throws LabError `task/empty` without training mentions, `task/untyped`, `task/asked-alike`, and the signal's
 * reason when aborted.
 */
export async function* encodeTasks(
  texts: readonly TaskText[],
  model: { readonly config: EncoderConfig; readonly tokenizer: PieceTokenizer },
  { config, seed }: Pick<RunSpec, 'config' | 'seed'>,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EncodedTasks> {
  const { trainShare, leaveOut } = config;
  const { tasks: whole, tagSet, shape, openTags, asked, scoredTypes } = runText(texts, model.config, config);
  assertAskedApart(asked, model.tokenizer);
  const shared =
    trainShare === undefined
      ? whole
      : whole.map((task) => ({ ...task, train: shareOfSentences(task.train, trainShare, seed) }));
  const { train: trained, leaks } = yield* leaveOutLeaks(shared, leaveOut, signal);
  const tasks = shared.map((task, index) => ({ ...task, train: trained[index] ?? [] }));
  if (!tasks.some(({ train }) => train.some(({ mentions }) => mentions.length > 0))) {
    throw new LabError('task/empty', 'The training sentences contain no mentions to learn from.', {
      expected: `mentions of ${texts.map(({ type }) => type ?? 'any type').join(', ')}`,
      got: `${sum(tasks.map(({ train }) => train.length))} sentences without any, ${sum(leaks.map(({ leftOut }) => leftOut))} left out`,
    });
  }
  const of = sum(tasks.flatMap((task) => SPLITS.map((split) => task[split].length)));
  let before = 0;

  async function* encode(
    sentences: readonly Sentence[],
    labels: TaskLabels,
  ): AsyncGenerator<TrainingEvent, EncodedSplit> {
    const encoding = encodeSentences(sentences, tagSet, model.tokenizer, config, signal, labels);
    const split = yield* mapEvents(encoding, (done): TrainingEvent => ({
      kind: 'phase',
      phase: 'encoding',
      done: before + done,
      of,
    }));
    before += sentences.length;
    return split;
  }

  const encoded: Record<Split, EncodedSplit>[] = [];
  for (const [task, { train, devel, test }] of tasks.entries()) {
    const own = { asked: asked[task] ?? null };
    encoded.push({
      train: yield* encode(train, { ...own, openTags: openTags[task] ?? null }),
      devel: yield* encode(devel, own),
      test: yield* encode(test, own),
    });
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
    scoredTypes,
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
