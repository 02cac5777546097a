// Holm's correction of p-values for the number of comparisons.

/**
 * Adjusted p-values in the order given (Holm 1979; R's `p.adjust(method = "holm")`): comparing them with 0.05 keeps the probability of even one
 * false finding in the whole family at or below 5 %, however the comparisons hang together.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((left, right) => (pValues[left] ?? 0) - (pValues[right] ?? 0));
  const adjusted = pValues.map(() => 1);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, (pValues.length - rank) * (pValues[index] ?? 1));
    adjusted[index] = Math.min(1, largest);
  });
  return adjusted;
}
