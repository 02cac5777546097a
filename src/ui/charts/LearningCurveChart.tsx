// Draws test F1 by the number of training sentences, with its deviation over seeds, for one run or two.
import { CartesianGrid, ErrorBar, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { LearningPoint } from '../../lab/comparison/comparisonCurves.ts';
import { format } from '../shared/format.ts';
import { countAxis } from './axes.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { axisOf, NO_BOUNDS } from './ZoomFields.tsx';
import { chartStyle, seriesStyle } from './chartStyle.ts';

export interface LearningCurveChartProps {
  /** Curves by compared run. */
  readonly curves: readonly (readonly LearningPoint[])[];
  readonly names: readonly string[];
}

export function LearningCurveChart({ curves, names }: LearningCurveChartProps) {
  const lines = curves.map((points, index) => ({
    name: names[index] ?? '',
    style: { ...seriesStyle(index), dash: index === 0 ? undefined : '5 3' },
    // A deviation may extend beyond 0 or 100, F1 cannot.
    points: points.map(({ share, sentences, f1: { mean, deviation, count } }) => {
      const error = deviation ?? 0;
      return {
        share,
        sentences,
        count,
        f1: mean,
        deviation,
        error: [Math.min(error, mean), Math.min(error, 100 - mean)],
      };
    }),
  }));
  const all = lines.flatMap(({ points }) => points);
  const axis = axisOf(
    NO_BOUNDS,
    all.flatMap(({ f1, error: [below = 0, above = 0] }) => [f1 - below, f1 + above]),
  );
  return (
    <ChartFrame
      caption="Test F1 by training sentences"
      legend={lines.map(({ name, style }) => ({ name, line: style }))}
      rows={() => [
        ['run', 'share', 'training sentences', 'seeds', 'F1', 'deviation'],
        ...lines.flatMap(({ name, points }) =>
          points.map(({ share, sentences, count, f1, deviation }) => [name, share, sentences, count, f1, deviation]),
        ),
      ]}
      heightPx={280}
      empty={all.length === 0 ? 'No finished run with a test score at any share of the training sentences.' : null}
    >
      <LineChart margin={chartStyle.margin} title="Test F1 by the number of training sentences">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis
          {...chartStyle.axis}
          dataKey="sentences"
          type="number"
          {...countAxis(0, Math.max(1, ...all.map(({ sentences }) => sentences)))}
          padding={{ right: 14 }}
          tickFormatter={format.count}
          allowDuplicatedCategory={false}
        />
        <YAxis {...chartStyle.yAxis} {...axis} allowDataOverflow />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => format.percent(Number(value))}
          labelFormatter={(sentences) => `${format.count(Number(sentences))} training sentences`}
        />
        {lines.map(({ name, style, points }) => (
          <Line
            key={name}
            data={points}
            dataKey="f1"
            name={name}
            stroke={style.stroke}
            strokeDasharray={style.dash ?? ''}
            strokeWidth={2}
            dot={{ r: 3, fill: style.stroke, strokeWidth: 0 }}
            isAnimationActive={false}
          >
            <ErrorBar
              dataKey="error"
              direction="y"
              width={5}
              stroke={style.stroke}
              strokeWidth={1.5}
              isAnimationActive={false}
            />
          </Line>
        ))}
      </LineChart>
    </ChartFrame>
  );
}
