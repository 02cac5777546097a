// Queries about the confidences of a snapshot and their answers: how well they are calibrated, and which annotations they speak against.
import type { Mention, Task } from '../../data/corpus/corpus.ts';
import type { Calibration } from '../../metrics/calibration.ts';
import type { LabelDoubt } from '../../metrics/labelErrors.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';

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
