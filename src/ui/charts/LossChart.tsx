// The training loss against the step, raw and smoothed.
import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { StepPoint } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';
import { lossSeries } from './lossSeries.ts';

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
    >
      <LineChart data={points} margin={chartStyle.margin} title="Training loss by step">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="step" type="number" domain={[0, 'auto']} tickFormatter={format.count} />
        <YAxis {...chartStyle.yAxis} domain={[0, 'auto']} />
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
