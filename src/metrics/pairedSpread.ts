// How far the differences of two systems spread over seeds, rounds and snapshots, each kept apart.
import { mean, spread, spreadWithin, type Spread } from './spread.ts';

/** The difference of two trainings that share seed and round, percent of F1. */
export interface PairedDifference {
  readonly seed: number;
  /** Of the selected snapshots. */
  readonly difference: number;
  /** Of every kept snapshot. */
  readonly snapshots: readonly number[];
}

/**
 * `trainings`: over all seeds and rounds, a value each. `seeds`: over the means of the seeds. `rounds`: over the rounds of a seed,
 * seeds pooled. `snapshots`: over the kept snapshots of a training, trainings pooled; there the mean is that of all snapshots.
 */
export interface PairedSpread {
  readonly trainings: Spread | null;
  readonly seeds: Spread | null;
  readonly rounds: Spread | null;
  readonly snapshots: Spread | null;
}

/** The spreads of paired differences; null where there are no values, deviation null where there are too few. */
export function pairedSpread(differences: readonly PairedDifference[]): PairedSpread {
  const seeds = [...new Set(differences.map(({ seed }) => seed))].map((seed) =>
    differences.filter((training) => training.seed === seed).map(({ difference }) => difference),
  );
  return {
    trainings: spread(differences.map(({ difference }) => difference)),
    seeds: spread(seeds.flatMap((values) => mean(values) ?? [])),
    rounds: spreadWithin(seeds),
    snapshots: spreadWithin(differences.map(({ snapshots }) => snapshots)),
  };
}
