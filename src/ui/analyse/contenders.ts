// The snapshots that an analysis of predictions is about: the chosen one, and that of the run beside it.
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import type { AnalysisPlace } from '../route.ts';
import type { useLayers } from '../useLayers.ts';
import { shortNames } from './choiceName.ts';
import { predictionOf, type Subject } from './subject.ts';

export interface Contenders {
  /** The snapshot chosen, then the selected one of the run beside it, if any. */
  readonly predictions: readonly [PredictionRequest] | readonly [PredictionRequest, PredictionRequest];
  /** Theirs. */
  readonly runs: readonly RunRecord[];
  /** As many, as short as they can be told apart. */
  readonly names: readonly string[];
}

/** Null without a snapshot to analyse. */
export function contendersOf(
  { run, runs, prediction }: Subject,
  { beside }: AnalysisPlace,
  layersOf: ReturnType<typeof useLayers>,
): Contenders | null {
  if (run === null || prediction === null) return null;
  const other = runs.find(({ record }) => record.spec.id === beside && record !== run.record);
  const otherPrediction = other === undefined ? null : predictionOf(other, null);
  if (other === undefined || otherPrediction === null) {
    return { predictions: [prediction], runs: [run.record], names: shortNames([run.record.spec], layersOf) };
  }
  return {
    predictions: [prediction, otherPrediction],
    runs: [run.record, other.record],
    names: shortNames([run.record.spec, other.record.spec], layersOf),
  };
}
