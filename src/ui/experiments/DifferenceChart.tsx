// Draws differences from a baseline with their intervals, one line per variant, around zero.
import { CartesianGrid, ErrorBar, ReferenceLine, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import { variantName } from '../../lab/state/methodNames.ts';
import type { TestedDifference } from '../../lab/comparison/differenceWords.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { differenceAxis } from '../charts/ZoomFields.tsx';
import { chartStyle } from '../charts/chartStyle.ts';
import { differenceRows } from './useSignificance.ts';

export interface DifferenceChartProps {
  readonly task: string;
  readonly baseline: string;
  /** Differences on one task. */
  readonly tested: readonly TestedDifference[];
}

interface Point {
  readonly name: string;
  readonly mean: number;
  /** Extent of the interval below and above. */
  readonly reach: readonly [number, number];
  readonly isDistinct: boolean;
}

const STROKE = 'var(--accent)';
const LEGEND = [{ name: 'difference with its interval over sentences', line: { stroke: STROKE, dash: undefined } }];

export function DifferenceChart({ task, baseline, tested }: DifferenceChartProps) {
  const points = tested.map(({ difference, found }): Point => {
    const { mean, low, high } = found.difference;
    return {
      name: variantName(difference.variant),
      mean,
      reach: [Math.max(0, mean - low), Math.max(0, high - mean)],
      isDistinct: found.verdict === 'yes',
    };
  });
  const axis = differenceAxis(points.flatMap(({ mean, reach: [below, above] }) => [mean - below, mean + above]));
  return (
    <ChartFrame
      caption={`Difference in test F1 from ${baseline} on ${task}; filled: more than noise`}
      legend={LEGEND}
      rows={() => differenceRows(tested, baseline)}
      heightPx={56 + 34 * points.length}
      empty={points.length === 0 ? `Nothing on ${task} was compared with ${baseline}.` : null}
    >
      <ScatterChart
        margin={{ ...chartStyle.margin, top: 14 }}
        title={`Difference in test F1 from ${baseline}, with intervals`}
      >
        <CartesianGrid stroke={chartStyle.grid.stroke} horizontal={false} />
        <XAxis
          {...chartStyle.axis}
          dataKey="mean"
          type="number"
          name="difference"
          {...axis}
          tickFormatter={(value: number) => `${value < 0 ? '−' : ''}${Math.abs(value)}`}
        />
        <YAxis {...chartStyle.yAxis} dataKey="name" type="category" name="variant" width={104} reversed />
        <ReferenceLine x={0} stroke="var(--ink-soft)" />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => (typeof value === 'number' ? value.toFixed(2) : String(value))}
        />
        <Scatter data={points} shape={drawPoint} isAnimationActive={false}>
          <ErrorBar
            dataKey="reach"
            direction="x"
            width={6}
            stroke={STROKE}
            strokeWidth={1.5}
            isAnimationActive={false}
          />
        </Scatter>
      </ScatterChart>
    </ChartFrame>
  );
}

interface DrawnPoint {
  readonly cx?: number | undefined;
  readonly cy?: number | undefined;
  readonly payload?: Point;
}

/** Draws a dot, filled where the difference is more than noise. */
function drawPoint({ cx, cy, payload }: DrawnPoint) {
  const fill = payload?.isDistinct === true ? STROKE : 'var(--paper)';
  return <circle cx={cx} cy={cy} r={5} fill={fill} stroke={STROKE} strokeWidth={2} />;
}
