// The scores of a method on a task over its trainings, and how far they spread over seeds, rounds and snapshots, each kept apart.
import { mean, spread, spreadWithin, type Spread } from '../../metrics/scores/spread.ts';
import type { Measures, ScoredSplit, TaskComparison, Training, Variant } from './comparison.ts';

export type MeasureName = keyof Measures;

/** Over what a score is spread. */
export type SpreadOver = 'trainings' | 'seeds' | 'rounds' | 'snapshots';

/**
 * A score with its deviation over one source alone; null when no finished training has it.
 * `trainings`: mean and deviation over all seeds and rounds, a value each, that of the selected snapshot.
 * `seeds`: over the means of the seeds. `rounds`: over the rounds of a seed, seeds pooled. `snapshots`: over the kept snapshots of a
 * training (the paper's last five), trainings pooled; there the mean is that of all snapshots.
 */
export function variantSpread(
  { trainings }: Pick<Variant, 'trainings'>,
  { split, measure, over }: { readonly split: ScoredSplit; readonly measure: MeasureName; readonly over: SpreadOver },
): Spread | null {
  const finished = trainings.filter(({ status }) => status === 'finished');
  const valueOf = (scores: Pick<Training, ScoredSplit>): readonly number[] => {
    const found = scores[split];
    return found === null ? [] : [found[measure]];
  };
  if (over === 'trainings') return spread(finished.flatMap(valueOf));
  if (over === 'snapshots') return spreadWithin(finished.map(({ snapshots }) => snapshots.flatMap(valueOf)));
  const seeds = [...new Set(finished.map(({ seed }) => seed))].map((seed) =>
    finished.filter((training) => training.seed === seed).flatMap(valueOf),
  );
  if (over === 'rounds') return spreadWithin(seeds);
  return spread(seeds.flatMap((values) => mean(values) ?? []));
}

/** The mean over all seeds and rounds of the selected snapshots' scores. */
export function variantMean(
  variant: Pick<Variant, 'trainings'>,
  split: ScoredSplit,
  measure: MeasureName,
): number | null {
  return variantSpread(variant, { split, measure, over: 'trainings' })?.mean ?? null;
}

/**
 * The MTL-LS contender with the highest mean devel F1, the one that shares fewest layers among equals: the slicing rate is chosen on devel and
 * never on test (paper, Table 3). Null when none has a devel score.
 */
export function chosenOnDevel({ variants }: TaskComparison): Variant | null {
  let best: { readonly variant: Variant; readonly f1: number } | null = null;
  for (const variant of variants) {
    if (variant.method !== 'MTL-LS') continue;
    const f1 = variantMean(variant, 'devel', 'f1');
    if (f1 !== null && (best === null || f1 > best.f1)) best = { variant, f1 };
  }
  return best?.variant ?? null;
}
