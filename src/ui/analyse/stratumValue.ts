// One score of a stratum, where there is anything to score.
import type { SpanScore } from '../../metrics/spanScore.ts';
import type { Measure } from '../snapshotSpread.ts';

/** Percent; null for precision without predicted mentions, recall without annotated ones, F1 without either. */
export function stratumValue(score: SpanScore | undefined, measure: Measure): number | null {
  if (score === undefined) return null;
  const { gold, predicted } = score;
  const counted = { precision: predicted, recall: gold, f1: gold + predicted }[measure];
  return counted === 0 ? null : score[measure];
}
