// Measures the error in tests of kernels.

/** Largest difference in units of the largest expected magnitude, or of `unit` if that is larger. Infinity if a number is missing or NaN. */
export function worstGap(found: ArrayLike<number>, expected: ArrayLike<number>, unit = 1e-6): number {
  if (found.length !== expected.length) throw new Error(`${found.length} numbers, not ${expected.length}`);
  let gap = 0;
  let magnitude = unit;
  for (let at = 0; at < expected.length; at++) {
    const own = Math.abs((found[at] as number) - (expected[at] as number));
    gap = Number.isNaN(own) ? Infinity : Math.max(gap, own);
    magnitude = Math.max(magnitude, Math.abs(expected[at] as number));
  }
  return gap / magnitude;
}
