// The keys that walk a long list, the same for every list that is walked row by row.

/** Where a key leads from row `place` of `count` rows, `pageSize` a page; null for keys that lead nowhere. */
export function rowAfterKey(
  key: string,
  { place, count, pageSize }: { readonly place: number; readonly count: number; readonly pageSize: number },
): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: place + 1,
    j: place + 1,
    ArrowUp: place - 1,
    k: place - 1,
    PageDown: place + pageSize,
    PageUp: place - pageSize,
    Home: 0,
    End: count - 1,
  };
  const target = steps[key];
  return target === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, target));
}
