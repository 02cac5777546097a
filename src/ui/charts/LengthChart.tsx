// Draws the sentence lengths of a corpus by split.
import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts';
import type { LengthHistogram } from '../../analysis/questions/sentencesQuery.ts';
import { SPLITS } from '../../data/corpus/corpus.ts';
import { format } from '../shared/format.ts';
import { countAxis } from './axes.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

const LEGEND = [
  { name: 'train', line: 'train' },
  { name: 'devel', line: 'devel' },
  { name: 'test', line: 'test' },
];

export function LengthChart({ histogram }: { readonly histogram: LengthHistogram }) {
  const { bins, longest, median } = histogram;
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
      empty={bins.length === 0 ? 'The corpus has no sentences.' : null}
    >
      <BarChart data={bars} margin={chartStyle.margin} barCategoryGap={1} title="Sentences by length in tokens">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="tokens" />
        <YAxis
          {...chartStyle.yAxis}
          {...countAxis(0, Math.max(1, ...bins.map((bin) => bin.train + bin.devel + bin.test)))}
          tickFormatter={format.count}
        />
        <Tooltip
          {...chartStyle.tooltip}
          cursor={{ fill: 'var(--hover)' }}
          formatter={(value) => format.count(Number(value))}
          labelFormatter={(tokens) => `${String(tokens)} tokens`}
        />
        {SPLITS.filter((split) => bins.some((bin) => bin[split] > 0)).map((split) => (
          <Bar key={split} dataKey={split} stackId="split" fill={`var(--chart-${split})`} isAnimationActive={false} />
        ))}
      </BarChart>
    </ChartFrame>
  );
}
