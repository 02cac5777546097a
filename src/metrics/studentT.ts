// Student's t distribution for whole degrees of freedom.

/**
 * The probability that |T| is at least |t| with `freedom` (1, 2, …) degrees of freedom: one less the finite sums of Abramowitz and Stegun 1964,
 * 26.7.3 and 26.7.4. Absolute error about 1e-15.
 */
export function pOfStudentT(t: number, freedom: number): number {
  return Math.max(0, 1 - within(Math.atan(Math.abs(t) / Math.sqrt(freedom)), freedom));
}

/** The t that |T| stays below with probability `level` (0.95: the table's t of .975) with `freedom` (1, 2, …) degrees of freedom. */
export function criticalStudentT(level: number, freedom: number): number {
  let low = 0;
  let high = Math.PI / 2;
  // Sixty halvings leave less than the last bit of the angle.
  for (let halving = 0; halving < 60; halving++) {
    const angle = (low + high) / 2;
    if (within(angle, freedom) < level) low = angle;
    else high = angle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/** P(|T| < sqrt(freedom) tan(angle)). */
function within(angle: number, freedom: number): number {
  const cosine = Math.cos(angle);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= ((power - 1) / power) * cosine ** 2;
    sum += term;
  }
  const product = Math.sin(angle) * sum;
  return isOdd ? (2 / Math.PI) * (angle + product) : product;
}
