// Summarises a variant's scores on a task: the mean, and the deviation over seeds, rounds and snapshots separately.
import { mean, spread, spreadWithin, type Spread } from '../../metrics/scores/spread.ts';
import type { Measures, ScoredSplit, TaskComparison, Training, Variant } from './comparison.ts';

export type MeasureName = keyof Measures;

/** The source of variation. */
export type SpreadOver = 'trainings' | 'seeds' | 'rounds' | 'snapshots';

/**
 * A score's mean and standard deviation over one source of variation; null when no finished training has the score.
 * `trainings`: over all seeds and rounds, one value each, from the selected snapshot.
 * `seeds`: over the means of the seeds. `rounds`: over the rounds of a seed, pooled over seeds. `snapshots`: over the saved snapshots of a
 * training (the paper's last five), pooled over trainings; the mean is then over all snapshots.
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
  const bySeed = new Map<number, number[]>();
  for (const training of finished) {
    const values = bySeed.get(training.seed) ?? [];
    values.push(...valueOf(training));
    bySeed.set(training.seed, values);
  }
  const seeds = [...bySeed.values()];
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
 * The MTL-LS variant with the highest mean devel F1, ties to the fewest shared layers: the slicing rate is chosen on devel, never on test
 * (paper, Table 3). Null when none has a devel score.
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
