// What is asked about right and wrong mentions of one snapshot or of two side by side, and the page of them that is answered.
import type { Mention, Task } from '../data/corpus.ts';
import type { ErrorKind } from '../metrics/errorKinds.ts';
import type { ErrorFilter, KindChoice, RightChoice, SeenChoice } from './errorFilter.ts';
import type { PredictionRequest } from './storedPredictions.ts';
import type { PredictedMention } from './storedPredictions.ts';
import type { TrainingText } from './trainingText.ts';

export interface ErrorsQuery {
  readonly task: Task;
  readonly training: TrainingText;
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
