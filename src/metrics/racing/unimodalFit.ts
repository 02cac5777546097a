// Fits a smooth curve with one peak to the scores of slicing rates, so that neighbouring rates share what is known of them.

/** Scores at increasing positions, all of one length. */
export interface CurvePoints {
  /** Strictly increasing. */
  readonly positions: readonly number[];
  readonly values: readonly number[];
  /** A curve of the same shape as expected, from other tasks: only differences to it are smoothed. All zero without any. */
  readonly expected?: readonly number[];
}

/** Above this the curve is a straight line for all that matters. */
const MOST_SMOOTHNESS = 10;

/**
 * Returns how much roughness weighs against distance from the values: the variance of their noise over that of the curve's own second differences,
 * which is what the values' second differences have beyond noise (empirical Bayes; for equal distances noise adds 1 + 4 + 1 times its variance).
 */
export function smoothnessOf({ positions, values, expected }: CurvePoints, noiseVariance: number): number {
  const base = expected ?? values.map(() => 0);
  const rows = differenceRows(positions);
  if (rows.length === 0) return 0;
  const second = rows.map((weights, first) =>
    weights.reduce(
      (sum, weight, index) => sum + weight * ((values[first + index] ?? 0) - (base[first + index] ?? 0)),
      0,
    ),
  );
  const roughness = second.reduce((sum, value) => sum + value * value, 0) / rows.length;
  const gain = rows.flat().reduce((sum, weight) => sum + weight * weight, 0) / rows.length;
  const own = roughness - gain * noiseVariance;
  return own <= 0 ? MOST_SMOOTHNESS : Math.min(MOST_SMOOTHNESS, noiseVariance / own);
}

/**
 * Returns the values of the curve at the positions: first the minimiser f of
 * `sum (values - f)^2 + smoothness * sum (second differences of f - expected)^2` (Whittaker 1923), then the nearest curve to it that rises to one peak and
 * falls after it. Second differences are divided differences times the squared mean distance of positions, so that equally spaced positions have
 * `f[i-1] - 2 f[i] + f[i+1]`. With fewer than three positions every curve fits, and the values are returned.
 */
export function unimodalFit({ positions, values, expected }: CurvePoints, smoothness: number): readonly number[] {
  if (values.length < 3) return values;
  const base = expected ?? values.map(() => 0);
  const differences = values.map((value, index) => value - (base[index] ?? 0));
  const smooth = whittaker(positions, differences, smoothness);
  return unimodalRegression(smooth.map((value, index) => value + (base[index] ?? 0)));
}

/** Solves (I + smoothness * D'D) f = values, where D takes second differences. */
function whittaker(positions: readonly number[], values: readonly number[], smoothness: number): readonly number[] {
  const rows = values.map((value, row) => [...values.map((_, column) => (row === column ? 1 : 0)), value]);
  for (const [first, weights] of differenceRows(positions).entries()) {
    for (const [left, one] of weights.entries()) {
      for (const [right, other] of weights.entries()) {
        const row = rows[first + left] ?? [];
        row[first + right] = (row[first + right] ?? 0) + smoothness * one * other;
      }
    }
  }
  return solved(rows);
}

/** The three weights of each second difference, by the first of its positions. */
function differenceRows(positions: readonly number[]): readonly (readonly number[])[] {
  const at = (index: number): number => positions[index] ?? 0;
  const meanStep = (at(positions.length - 1) - at(0)) / (positions.length - 1);
  return positions.slice(2).map((_, first) => {
    const [before, after] = [at(first + 1) - at(first), at(first + 2) - at(first + 1)];
    const scale = (2 * meanStep * meanStep) / (before + after);
    return [scale / before, -scale / before - scale / after, scale / after];
  });
}

/** Solves a symmetric positive definite system, `[size][size + 1]` with the right side last, by elimination without pivots. */
function solved(rows: readonly number[][]): readonly number[] {
  const size = rows.length;
  const entry = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = entry(row, pivot) / entry(pivot, pivot);
      if (factor === 0) continue;
      const target = rows[row] ?? [];
      for (let column = pivot; column <= size; column++)
        target[column] = entry(row, column) - factor * entry(pivot, column);
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    let rest = entry(row, size);
    for (let column = row + 1; column < size; column++) rest -= entry(row, column) * (solution[column] ?? 0);
    solution[row] = rest / entry(row, row);
  }
  return solution;
}

/**
 * Returns the nearest values in squares that rise, then fall: for each place of the peak the isotonic regression of what is before it and the
 * antitonic one of what is after it (Frisén 1986); the first of equal ones.
 */
export function unimodalRegression(values: readonly number[]): readonly number[] {
  let best: { readonly fit: readonly number[]; readonly squares: number } | null = null;
  for (let peak = 1; peak <= values.length; peak++) {
    const rising = isotonicRegression(values.slice(0, peak));
    const falling = isotonicRegression(values.slice(peak).reverse());
    const fit = [...rising, ...[...falling].reverse()];
    const squares = fit.reduce((sum, value, index) => sum + (value - (values[index] ?? 0)) ** 2, 0);
    if (best === null || squares < best.squares) best = { fit, squares };
  }
  return best?.fit ?? [];
}

/** Pools adjacent values that fall (Ayer et al. 1955). */
function isotonicRegression(values: readonly number[]): readonly number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const value of values) {
    let pool = { sum: value, count: 1 };
    for (
      let last = pools.at(-1);
      last !== undefined && last.sum / last.count > pool.sum / pool.count;
      last = pools.at(-1)
    ) {
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count));
}
