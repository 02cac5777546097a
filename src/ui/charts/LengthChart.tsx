// How long the sentences of a corpus are, by split.
import { useMemo } from 'react';
import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts';
import type { CorpusSentences } from '../../data/corpus.ts';
import { format } from '../format.ts';
import { lengthHistogram } from '../lengthHistogram.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

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
      caption={`Sentences by tokens; median ${median}, longest ${longest}`}
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
