// Draws the sentence lengths of a corpus by split.
import { useMemo } from 'react';
import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts';
import { SPLITS, type CorpusSentences, type Split } from '../../data/corpus/corpus.ts';
import { format } from '../shared/format.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

const WIDTHS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const MOST_BINS = 40;

interface LengthBin extends Readonly<Record<Split, number>> {
  /** Lengths `from` to `to`, both included. */
  readonly from: number;
  readonly to: number;
}

/** Counts sentences by their length in tokens, in bins of a round width. */
interface LengthHistogram {
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

const LEGEND = [
  { name: 'train', line: 'train' },
  { name: 'devel', line: 'devel' },
  { name: 'test', line: 'test' },
];

export function LengthChart({ sentences }: { readonly sentences: CorpusSentences }) {
  const { bins, longest, median } = useMemo(() => lengthHistogram(sentences), [sentences]);
  const bars = bins.map((bin) => ({
    ...bin,
    tokens: bin.from === bin.to ? String(bin.from) : `${bin.from}–${bin.to}`,
  }));
  return (
    <ChartFrame
      caption={`Sentences by length in tokens; median ${median}, longest ${longest}`}
      legend={LEGEND}
      rows={() => [
        ['from', 'to', 'train', 'devel', 'test'],
        ...bins.map((bin) => [bin.from, bin.to, bin.train, bin.devel, bin.test]),
      ]}
    >
      <BarChart data={bars} margin={chartStyle.margin} barCategoryGap={1} title="Sentences by length in tokens">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="tokens" />
        <YAxis {...chartStyle.yAxis} tickFormatter={format.count} allowDecimals={false} />
        <Tooltip
          {...chartStyle.tooltip}
          cursor={{ fill: 'var(--hover)' }}
          formatter={(value) => format.count(Number(value))}
          labelFormatter={(tokens) => `${String(tokens)} tokens`}
        />
        <Bar dataKey="train" stackId="split" fill="var(--chart-train)" isAnimationActive={false} />
        <Bar dataKey="devel" stackId="split" fill="var(--chart-devel)" isAnimationActive={false} />
        <Bar dataKey="test" stackId="split" fill="var(--chart-test)" isAnimationActive={false} />
      </BarChart>
    </ChartFrame>
  );
}
