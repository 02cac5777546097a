// The sentences of a run's tasks by their part in it, with the tags and the network shape that follow from them.
import type { CorpusSentences, Sentence, Split } from '../data/corpus.ts';
import { restrictToType } from '../data/corpus.ts';
import type { TagSet } from '../data/tagSet.ts';
import { makeTagSet } from '../data/tagSet.ts';
import type { EncoderConfig } from '../model/encoderConfig.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { TrainingConfig } from '../schema/config.ts';

/** One task's text: its corpus, the type it is restricted to, and the name its mentions take in this run (null: their own). */
export interface TaskText {
  readonly sentences: CorpusSentences;
  readonly type: string | null;
  readonly typeName: string | null;
}

export type TaskSplits = Readonly<Record<Split, readonly Sentence[]>>;

export interface RunText {
  /** For each task; devel is empty where it is part of training. */
  readonly tasks: readonly TaskSplits[];
  readonly tagSet: TagSet;
  readonly shape: TaggerShape;
}

export function runText(texts: readonly TaskText[], encoder: EncoderConfig, config: TrainingConfig): RunText {
  const tasks = texts.map((text) => splitsOf(text, config.trainOn));
  const tagSet = makeTagSet(typesOf(tasks), config.tagScheme, config.labelMode);
  const head = { tagCount: tagSet.tags.length, kind: config.head, startEnd: config.crfStartEnd };
  return { tasks, tagSet, shape: { encoder, head } };
}

function splitsOf({ sentences, type, typeName }: TaskText, trainOn: TrainingConfig['trainOn']): TaskSplits {
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
function typesOf(tasks: readonly TaskSplits[]): readonly string[] {
  const sentences = tasks.flatMap(({ train, devel, test }) => [...train, ...devel, ...test]);
  return [...new Set(sentences.flatMap(({ mentions }) => mentions.map(({ type }) => type)))].sort();
}
