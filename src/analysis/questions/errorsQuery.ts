// Questions about right and wrong mentions of one snapshot or of two side by side, and their answers.
import type { Mention, Task } from '../../data/corpus/corpus.ts';
import type { ErrorKind } from '../../metrics/errorKinds.ts';
import type { SemevalScore, SemevalView } from '../../metrics/semevalScores.ts';
import type { StratumScore } from '../../metrics/strata.ts';
import type { PredictedMention, PredictionRequest } from '../../schema/storedPredictions.ts';
import type { TrainingTasks } from './entitySetsQuery.ts';

/** What is asked about right and wrong mentions of one snapshot or of two side by side, and the page of them that is answered. */
export interface ErrorsQuery {
  readonly task: Task;
  readonly training: TrainingTasks;
  /** On the same split of `task`, one or two: A and B. */
  readonly predictions: readonly [PredictionRequest] | readonly [PredictionRequest, PredictionRequest];
  readonly filter: ErrorFilter;
  readonly first: number;
  readonly count: number;
}

/** What one snapshot makes of a mention; `predicted` is null where it missed it. */
export interface Finding {
  readonly kind: ErrorKind;
  readonly predicted: PredictedMention | null;
}

/** One annotated mention, or one that is spurious, in its sentence. */
export interface ErrorLine {
  /** Index in the split. */
  readonly sentence: number;
  readonly tokens: readonly string[];
  /** All of the sentence. */
  readonly annotated: readonly Mention[];
  /** All of the sentence, of each snapshot. */
  readonly predicted: readonly (readonly PredictedMention[])[];
  readonly gold: Mention | null;
  /** Of each snapshot; null where it rightly predicts nothing. */
  readonly findings: readonly (Finding | null)[];
  /** How often the string is a mention in training. */
  readonly frequency: number;
}

export interface ErrorsPage {
  readonly first: number;
  readonly total: number;
  /** In the order of the text. */
  readonly lines: readonly ErrorLine[];
  /** How many lines each choice would leave, all other choices as they are. */
  readonly kinds: Readonly<Record<KindChoice, number>>;
  readonly rights: Readonly<Record<RightChoice, number>>;
  readonly seen: Readonly<Record<SeenChoice, number>>;
}

/** All, all that are not correct, or one kind; of two snapshots those where it is the kind of either. */
export const KIND_CHOICES = [
  'wrong',
  'boundary',
  'type',
  'boundaryAndType',
  'missed',
  'spurious',
  'correct',
  'any',
] as const satisfies readonly (ErrorKind | 'wrong' | 'any')[];
export type KindChoice = (typeof KIND_CHOICES)[number];

/** Which of two snapshots is right, as `compareErrors` says; `differ` where they do not predict the same there. */
export const RIGHT_CHOICES = ['any', 'a', 'b', 'neither', 'differ'] as const;
export type RightChoice = (typeof RIGHT_CHOICES)[number];

/** How often the mention's string, the annotated one where there is one, is a mention in training. */
export const SEEN_CHOICES = ['any', 'seen', 'unseen'] as const;
export type SeenChoice = (typeof SEEN_CHOICES)[number];

/** How right and wrong mentions are chosen among: by kind, by who is right, by text, by type, by what training has. */
export interface ErrorFilter {
  readonly kind: KindChoice;
  /** Has to be `any` for one snapshot. */
  readonly right: RightChoice;
  /** Part of an annotated or predicted mention's string, whatever its case; empty for all. */
  readonly text: string;
  /** Of the annotated mention or a predicted one; null for all. */
  readonly type: string | null;
  readonly seen: SeenChoice;
}

export interface ErrorScoresQuery {
  readonly task: Task;
  readonly predictions: readonly PredictionRequest[];
}

/** Of one snapshot. */
export interface ErrorScores {
  readonly kinds: Readonly<Record<ErrorKind, number>>;
  readonly views: Readonly<Record<SemevalView, SemevalScore>>;
}

export interface BreakdownQuery extends ErrorScoresQuery {
  readonly training: TrainingTasks;
}

/** Of one snapshot. */
export interface Breakdown {
  readonly length: readonly StratumScore[];
  readonly frequency: readonly StratumScore[];
  readonly seen: readonly StratumScore[];
}
