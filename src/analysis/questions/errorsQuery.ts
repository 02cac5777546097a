// Queries about the mentions of a snapshot and their answers: right and wrong ones, and how far their confidences can be believed.
import type { Mention, Task } from '../../data/corpus/corpus.ts';
import type { Calibration, LabelDoubt } from '../../metrics/calibration.ts';
import type { ErrorKind, SemevalScore, SemevalView, StratumScore } from '../../metrics/errorKinds.ts';
import type { PredictedMention, PredictionRequest } from '../../schema/storedPredictions.ts';
import type { TrainingTasks } from './sentencesQuery.ts';

/** A query for a page of correct and wrong mentions of one snapshot or of two in comparison. */
export interface ErrorsQuery {
  readonly task: Task;
  readonly training: TrainingTasks;
  /** One or two on the same split of `task`: A and B. */
  readonly predictions: readonly [PredictionRequest] | readonly [PredictionRequest, PredictionRequest];
  readonly filter: ErrorFilter;
  readonly first: number;
  readonly count: number;
}

/** How one snapshot treats a mention; `predicted` is null if it missed it. */
export interface Finding {
  readonly kind: ErrorKind;
  readonly predicted: PredictedMention | null;
}

/** One annotated or spurious mention, in its sentence. */
export interface ErrorLine {
  /** Index in the split. */
  readonly sentence: number;
  readonly tokens: readonly string[];
  /** All annotated mentions of the sentence. */
  readonly annotated: readonly Mention[];
  /** All predicted mentions of the sentence, for each snapshot. */
  readonly predicted: readonly (readonly PredictedMention[])[];
  readonly gold: Mention | null;
  /** For each snapshot; null if it correctly predicts nothing. */
  readonly findings: readonly (Finding | null)[];
  /** How often the string is a mention in training. */
  readonly frequency: number;
}

export interface ErrorsPage {
  readonly first: number;
  readonly total: number;
  /** In text order. */
  readonly lines: readonly ErrorLine[];
  /** Number of lines each choice would leave, with all other filters unchanged. */
  readonly kinds: Readonly<Record<KindChoice, number>>;
  readonly rights: Readonly<Record<RightChoice, number>>;
  readonly seen: Readonly<Record<SeenChoice, number>>;
}

/** All, all that are not correct, or one kind; for two snapshots those where either has the kind. */
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

/** Which of two snapshots is right, as in `compareErrors`; `differ` if their predictions differ there. */
export const RIGHT_CHOICES = ['any', 'a', 'b', 'neither', 'differ'] as const;
export type RightChoice = (typeof RIGHT_CHOICES)[number];

/** Whether the mention's string (the annotated one if there is one) is a mention in training. */
export const SEEN_CHOICES = ['any', 'seen', 'unseen'] as const;
export type SeenChoice = (typeof SEEN_CHOICES)[number];

/** Filters correct and wrong mentions by kind, by who is right, by text, by type and by training frequency. */
export interface ErrorFilter {
  readonly kind: KindChoice;
  /** Must be `any` for one snapshot. */
  readonly right: RightChoice;
  /** Substring of an annotated or predicted mention, ignoring case; empty for all. */
  readonly text: string;
  /** Type of the annotated or a predicted mention; null for all. */
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

// Queries about the confidences of a snapshot and their answers: how well they are calibrated, and which annotations they speak against.

/** Asks how well the confidences of a snapshot are calibrated on test, before and after a temperature that is fitted on devel. */
export interface CalibrationQuery {
  readonly task: Task;
  readonly test: PredictionRequest;
  /** Of the same snapshot; null where devel was trained on, or the task has none. */
  readonly devel: PredictionRequest | null;
}

export interface CalibrationAnswer {
  readonly before: Calibration;
  /** Null without devel, or without predicted mentions there. */
  readonly fitted: { readonly temperature: number; readonly develMentions: number; readonly after: Calibration } | null;
}

/** Asks for a page of the annotations of a split that are probably wrong. The snapshot must not have been trained on the split. */
export interface LabelDoubtsQuery {
  readonly task: Task;
  readonly prediction: PredictionRequest;
  readonly first: number;
  readonly count: number;
}

/** A doubt in its sentence. */
export interface DoubtLine extends LabelDoubt {
  readonly tokens: readonly string[];
  /** All annotated mentions of the sentence. */
  readonly mentions: readonly Mention[];
}

export interface LabelDoubtsPage {
  readonly first: number;
  readonly total: number;
  /** The most doubtful first. */
  readonly lines: readonly DoubtLine[];
}
