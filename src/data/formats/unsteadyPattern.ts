// Finds regular expressions in a tokenizer.json that could take time without an end.

/** A repeated group: only where one repeats can a search go through exponentially many ways to match. */
const repeatedGroup = /\)(?:[*+]|\{\d*,)/;

/** The first pattern in a value out of `parseJson` that repeats a group; null where there is none. No XLNet's or BERT's tokenizer has one. */
export function unsteadyPattern(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Regex' && typeof inner === 'string' && repeatedGroup.test(inner)) return inner;
    const found = unsteadyPattern(inner);
    if (found !== null) return found;
  }
  return null;
}
