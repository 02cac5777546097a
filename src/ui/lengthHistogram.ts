// Counts sentences by their length in tokens, in bins of a round width.
import { SPLITS, type CorpusSentences, type Split } from '../data/corpus.ts';

const WIDTHS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const MOST_BINS = 40;

export interface LengthBin extends Readonly<Record<Split, number>> {
  /** Lengths `from` to `to`, both included. */
  readonly from: number;
  readonly to: number;
}

export interface LengthHistogram {
  readonly bins: readonly LengthBin[];
  readonly longest: number;
  /** Lower median over all splits; 0 for an empty corpus. */
  readonly median: number;
}

export function lengthHistogram(sentences: CorpusSentences): LengthHistogram {
  const lengths = SPLITS.map((split) => sentences[split].map(({ tokens }) => tokens.length));
  const sorted = lengths.flat().sort((left, right) => left - right);
  const longest = sorted.at(-1) ?? 0;
  const width = WIDTHS.find((candidate) => longest <= candidate * MOST_BINS) ?? Math.ceil(longest / MOST_BINS);
  const bins = Array.from({ length: Math.ceil(longest / width) }, (_, index) => ({
    from: index * width + 1,
    to: (index + 1) * width,
    train: 0,
    devel: 0,
    test: 0,
  }));
  SPLITS.forEach((split, index) => {
    for (const length of lengths[index] ?? []) {
      const bin = bins[Math.max(0, Math.ceil(length / width) - 1)];
      if (bin !== undefined) bin[split]++;
    }
  });
  return { bins, longest, median: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0 };
}
