// Summarises several scores: mean, sample standard deviation, and the deviation within groups.
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n - 1); null for a single value. */
  readonly deviation: number | null;
  /** Number of values. */
  readonly count: number;
}

/** Null if there are no values. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and sample standard deviation; null if there are no values. */
export function spread(values: readonly number[]): Spread | null {
  const centre = mean(values);
  if (centre === null) return null;
  if (values.length === 1) return { mean: centre, deviation: null, count: 1 };
  return {
    mean: centre,
    deviation: Math.sqrt(squaresAround(centre, values) / (values.length - 1)),
    count: values.length,
  };
}

/**
 * Pools the deviation within groups: the root of the groups' sums of squares over the sum of their degrees of freedom (n - 1), so
 * differences between groups do not count. The mean is that of all values. Deviation null if no group has two.
 */
export function spreadWithin(groups: readonly (readonly number[])[]): Spread | null {
  const values = groups.flat();
  const centre = mean(values);
  if (centre === null) return null;
  let squares = 0;
  let freedom = 0;
  for (const group of groups) {
    squares += squaresAround(mean(group) ?? 0, group);
    freedom += Math.max(0, group.length - 1);
  }
  return { mean: centre, deviation: freedom === 0 ? null : Math.sqrt(squares / freedom), count: values.length };
}

function squaresAround(centre: number, values: readonly number[]): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
