// Draws devel precision, recall and F1 by epoch.
import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { EpochPoint } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { countAxis } from './axes.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { axisOf, NO_BOUNDS } from './ZoomFields.tsx';
import { chartStyle } from './chartStyle.ts';

const LEGEND = [
  { name: 'precision', line: 'precision' },
  { name: 'recall', line: 'recall' },
  { name: 'F1', line: 'thick' },
];

/** Most epochs drawn with dots: dots that touch say nothing, and each is an element of the page. */
const MOST_DOTS = 100;

export interface DevelChartProps {
  readonly epochs: readonly EpochPoint[];
  /** Index of the task in the run. */
  readonly task: number;
  readonly caption?: string;
}

export function DevelChart({ epochs, task, caption = 'Devel scores by epoch' }: DevelChartProps) {
  const points = epochs.flatMap(({ epoch, devel }) => {
    const scores = devel[task];
    if (scores == null) return [];
    const { precision, recall, f1 } = scores.lenient.overall;
    return [{ epoch, precision, recall, f1 }];
  });
  const dotOf = (r: number, fill: string) => points.length <= MOST_DOTS && { r, fill, strokeWidth: 0 };
  const last = points.at(-1)?.epoch ?? 1;
  const axis = axisOf(
    NO_BOUNDS,
    points.flatMap(({ precision, recall }) => [precision, recall]),
  );
  return (
    <ChartFrame
      caption={caption}
      legend={LEGEND}
      rows={() => [
        ['epoch', 'precision', 'recall', 'F1'],
        ...points.map(({ epoch, precision, recall, f1 }) => [epoch, precision, recall, f1]),
      ]}
      empty={emptyText(epochs, points.length)}
    >
      <LineChart data={points} margin={chartStyle.margin} title="Devel precision, recall and F1 by epoch">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="epoch" type="number" {...countAxis(points[0]?.epoch ?? 1, last)} />
        <YAxis {...chartStyle.yAxis} {...axis} />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => format.percent(Number(value))}
          labelFormatter={(epoch) => `epoch ${String(epoch)}`}
        />
        <Line
          dataKey="precision"
          stroke="var(--chart-precision)"
          strokeDasharray="5 3"
          strokeWidth={1.5}
          dot={dotOf(1.5, 'var(--chart-precision)')}
          isAnimationActive={false}
        />
        <Line
          dataKey="recall"
          stroke="var(--chart-recall)"
          strokeDasharray="1.5 3"
          strokeWidth={1.5}
          dot={dotOf(1.5, 'var(--chart-recall)')}
          isAnimationActive={false}
        />
        <Line
          dataKey="f1"
          name="F1"
          stroke="var(--accent)"
          strokeWidth={2}
          dot={dotOf(2.5, 'var(--accent)')}
          isAnimationActive={false}
        />
      </LineChart>
    </ChartFrame>
  );
}

function emptyText(epochs: readonly EpochPoint[], scored: number): string | null {
  if (scored > 0) return null;
  return epochs.length === 0
    ? 'No epoch is done yet: devel is scored after each.'
    : 'The task has no devel sentences besides those it trains on, so there is nothing to score.';
}
