// Draws the training loss by step, raw and smoothed.
import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import { thinned } from '../../lab/comparison/runCurves.ts';
import type { StepPoint } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { amountAxis, countAxis } from './axes.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

interface LossPoint {
  readonly step: number;
  readonly loss: number;
  /** Mean over the surrounding points, about a thirtieth of the curve; centred, so that it does not lag behind a fall. */
  readonly smooth: number;
}

/** Returns at most `limit` points including first and last; each stretch keeps its lowest and highest loss, so spikes stay visible. */
export function lossSeries(steps: readonly StepPoint[], limit = 600): readonly LossPoint[] {
  const reach = Math.max(1, Math.round(steps.length / 60));
  const sums = [0];
  for (const { loss } of steps) sums.push((sums.at(-1) ?? 0) + loss);
  const points = steps.map(({ step, loss }, index) => {
    // Fewer neighbours at the ends, the same number on both sides.
    const side = Math.min(reach, index, steps.length - 1 - index);
    const sum = (sums[index + side + 1] ?? 0) - (sums[index - side] ?? 0);
    return { step, loss, smooth: sum / (2 * side + 1) };
  });
  return thinned(points, limit, ({ loss }) => loss);
}

const LEGEND = [
  { name: 'loss', line: 'raw' },
  { name: 'smoothed', line: 'thick' },
];

export function LossChart({ steps }: { readonly steps: readonly StepPoint[] }) {
  const points = useMemo(() => [...lossSeries(steps)], [steps]);
  return (
    <ChartFrame
      caption="Training loss by step"
      legend={LEGEND}
      rows={() => [['step', 'loss'], ...steps.map(({ step, loss }) => [step, loss])]}
      empty={points.length === 0 ? 'No step is reported yet: the first comes after a few updates.' : null}
    >
      <LineChart data={points} margin={chartStyle.margin} title="Training loss by step">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis
          {...chartStyle.axis}
          dataKey="step"
          type="number"
          {...countAxis(0, points.at(-1)?.step ?? 1)}
          tickFormatter={format.count}
        />
        <YAxis {...chartStyle.yAxis} {...amountAxis(points.map(({ loss }) => loss))} />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => format.quantity(Number(value))}
          labelFormatter={(step) => `step ${format.count(Number(step))}`}
        />
        <Line
          dataKey="loss"
          name="loss"
          stroke="var(--chart-raw)"
          strokeWidth={1}
          dot={false}
          isAnimationActive={false}
        />
        <Line
          dataKey="smooth"
          name="smoothed"
          stroke="var(--accent)"
          strokeWidth={2}
          dot={false}
          isAnimationActive={false}
        />
      </LineChart>
    </ChartFrame>
  );
}
