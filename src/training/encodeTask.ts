// A task's sentences as sequences, with the tags and the network shape that follow from them.
import type { CorpusSentences, Sentence, Split } from '../data/corpus.ts';
import { restrictToType } from '../data/corpus.ts';
import { countSentences } from '../data/describeSentences.ts';
import { buildSequencesStepwise } from '../data/features.ts';
import type { TagSet } from '../data/tagSet.ts';
import { makeTagSet } from '../data/tagSet.ts';
import type { PieceTokenizer } from '../data/tokenizer.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { XlnetConfig } from '../model/xlnetConfig.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { SplitCounts } from '../schema/corpusRecord.ts';
import type { TrainingEvent } from '../schema/trainingEvent.ts';
import { LabError } from '../util/labError.ts';
import { macrotask } from '../util/macrotask.ts';
import type { EncodedSplit } from './evaluate.ts';

export interface EncodedTask {
  /** `tokenCounts` holds the tokens of each sequence, for the speed that is shown. */
  readonly train: EncodedSplit & { readonly tokenCounts: readonly number[] };
  /** Empty when devel is part of training. */
  readonly devel: EncodedSplit;
  readonly test: EncodedSplit;
  readonly tagSet: TagSet;
  readonly shape: TaggerShape;
  readonly counts: Record<Split, SplitCounts>;
}

/** Sentences encoded before the thread is given back. */
const SENTENCES_A_TURN = 200;

/**
 * Encodes all splits of a task, telling its progress in sentences. Throws LabError `task/empty` when there is nothing to train on or no
 * mention to learn, and the signal's reason when it is aborted.
 */
export async function* encodeTask(
  corpus: CorpusSentences,
  type: string | null,
  model: { readonly config: XlnetConfig; readonly tokenizer: PieceTokenizer },
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<TrainingEvent, EncodedTask> {
  const ofTask = (split: Split): readonly Sentence[] => restrictToType(corpus[split], type);
  const together = config.trainOn === 'train+devel';
  const train = together ? [...ofTask('train'), ...ofTask('devel')] : ofTask('train');
  const splits = { train, devel: together ? [] : ofTask('devel'), test: ofTask('test') };
  const types = type === null ? typesOf(corpus) : [type];
  if (!train.some(({ mentions }) => mentions.length > 0)) {
    throw new LabError('task/empty', 'The training sentences hold no mention to learn from.', {
      expected: `mentions of ${type ?? 'any type'}`,
      got: `${train.length} sentences without any`,
    });
  }
  const tagSet = makeTagSet(types, config.tagScheme, config.labelMode);
  const total = splits.train.length + splits.devel.length + splits.test.length;
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

  const encoded = {
    train: yield* encode(splits.train),
    devel: yield* encode(splits.devel),
    test: yield* encode(splits.test),
  };
  return {
    train: { ...encoded.train, tokenCounts: encoded.train.sequences.map(({ tokenRefs }) => tokenRefs.length / 2) },
    devel: encoded.devel,
    test: encoded.test,
    tagSet,
    shape: {
      encoder: model.config,
      head: { tagCount: tagSet.tags.length, kind: config.head, startEnd: config.crfStartEnd },
    },
    counts: {
      train: countSentences(splits.train),
      devel: countSentences(splits.devel),
      test: countSentences(splits.test),
    },
  };
}

/** Entity types of all splits, in code-unit order: a type met only in test still has tags, so that gold tags exist. */
function typesOf(corpus: CorpusSentences): readonly string[] {
  const all = [corpus.train, corpus.devel, corpus.test]
    .flat()
    .flatMap(({ mentions }) => mentions.map(({ type }) => type));
  return [...new Set(all)].sort();
}
