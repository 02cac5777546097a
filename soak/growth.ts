// Tests whether a repeated measurement grew over a long run.
export interface Series {
  readonly name: string;
  readonly unit: 'bytes' | 'count';
  /** One for each sample. */
  readonly values: readonly number[];
  /** Flat within a percentage, or never above a bound known in advance. */
  readonly promise: { readonly flatWithin: number } | { readonly atMost: number };
}

export interface Growth {
  /** Percent by which the median of the last fifth of the samples exceeds that of the second fifth; the first is warm-up. */
  readonly percent: number;
  readonly first: number;
  readonly last: number;
  readonly peak: number;
  readonly isKept: boolean;
}

/** Throws RangeError for fewer than ten samples. */
export function growth({ name, values, promise }: Series): Growth {
  if (values.length < 10) throw new RangeError(`${name}: ten samples are expected, there are ${values.length}`);
  const fifth = Math.floor(values.length / 5);
  const early = median(values.slice(fifth, 2 * fifth));
  const late = median(values.slice(-fifth));
  const percent = late === early ? 0 : (100 * (late - early)) / early;
  const peak = Math.max(...values);
  const isKept = 'atMost' in promise ? peak <= promise.atMost : percent <= promise.flatWithin;
  return { percent, first: values[0] as number, last: values.at(-1) as number, peak, isKept };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
