// The tasks of a run as sequences, with the tags and the network shape that follow from them.
import type { CorpusSentences, Sentence, Split } from '../data/corpus.ts';
import { SPLITS, restrictToType } from '../data/corpus.ts';
import { countSentences } from '../data/describeSentences.ts';
import type { Sequence } from '../data/features.ts';
import { buildSequencesStepwise } from '../data/features.ts';
import type { TagSet } from '../data/tagSet.ts';
import { makeTagSet } from '../data/tagSet.ts';
import type { PieceTokenizer } from '../data/tokenizer.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { EncoderConfig } from '../model/encoderConfig.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { SplitCounts } from '../schema/corpusRecord.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import { LabError } from '../util/labError.ts';
import { macrotask } from '../util/macrotask.ts';
import type { EncodedSplit } from './tagSplit.ts';

/** One task's text: its corpus, the type it is restricted to, and the name its mentions take in this run (null: their own). */
export interface TaskText {
  readonly sentences: CorpusSentences;
  readonly type: string | null;
  readonly typeName: string | null;
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
  /** For each task, as it enters this run. */
  readonly counts: readonly Record<Split, SplitCounts>[];
}

/** Sentences encoded before the thread is given back. */
const SENTENCES_A_TURN = 200;

/**
 * Encodes all splits of all tasks, telling its progress in sentences. Throws LabError `task/empty` when there is no mention to learn, and
 * the signal's reason when it is aborted.
 */
export async function* encodeTasks(
  texts: readonly TaskText[],
  model: { readonly config: EncoderConfig; readonly tokenizer: PieceTokenizer },
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EncodedTasks> {
  const tasks = texts.map((text) => splitsOf(text, config.trainOn));
  if (!tasks.some(({ train }) => train.some(({ mentions }) => mentions.length > 0))) {
    throw new LabError('task/empty', 'The training sentences hold no mention to learn from.', {
      expected: `mentions of ${texts.map(({ type }) => type ?? 'any type').join(', ')}`,
      got: `${tasks.reduce((sum, { train }) => sum + train.length, 0)} sentences without any`,
    });
  }
  const tagSet = makeTagSet(typesOf(tasks), config.tagScheme, config.labelMode);
  const total = tasks.reduce((sum, task) => sum + SPLITS.reduce((own, split) => own + task[split].length, 0), 0);
  let before = 0;

  async function* encode(sentences: readonly Sentence[]): AsyncGenerator<TrainingEvent, EncodedSplit> {
    const building = buildSequencesStepwise(sentences, tagSet, model.tokenizer, config);
    for (;;) {
      const step = building.next();
      if (step.done === true) {
        before += sentences.length;
        return { sentences, sequences: step.value.sequences };
      }
      if (step.value % SENTENCES_A_TURN > 0) continue;
      yield { kind: 'phase', phase: 'encoding', done: before + step.value, total };
      await macrotask();
      signal.throwIfAborted();
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
    shape: {
      encoder: model.config,
      head: { tagCount: tagSet.tags.length, kind: config.head, startEnd: config.crfStartEnd },
    },
    counts: tasks.map((task) => ({
      train: countSentences(task.train),
      devel: countSentences(task.devel),
      test: countSentences(task.test),
    })),
  };
}

/** The task's sentences by their part in this run. */
function splitsOf(
  { sentences, type, typeName }: TaskText,
  trainOn: TrainingConfig['trainOn'],
): Record<Split, readonly Sentence[]> {
  const ofTask = (split: Split): readonly Sentence[] => renamed(restrictToType(sentences[split], type), typeName);
  return trainOn === 'train'
    ? { train: ofTask('train'), devel: ofTask('devel'), test: ofTask('test') }
    : { train: [...ofTask('train'), ...ofTask('devel')], devel: [], test: ofTask('test') };
}

/** Mentions under the one name that a category gives them. */
function renamed(sentences: readonly Sentence[], typeName: string | null): readonly Sentence[] {
  if (typeName === null) return sentences;
  return sentences.map(({ tokens, mentions }) => ({
    tokens,
    mentions: mentions.map((mention) => ({ ...mention, type: typeName })),
  }));
}

/** Entity types of all splits, in code-unit order: a type met only in test still has tags, so that gold tags exist. */
function typesOf(tasks: readonly Record<Split, readonly Sentence[]>[]): readonly string[] {
  const sentences = tasks.flatMap(({ train, devel, test }) => [...train, ...devel, ...test]);
  return [...new Set(sentences.flatMap(({ mentions }) => mentions.map(({ type }) => type)))].sort();
}
