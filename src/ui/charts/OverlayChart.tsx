// Draws one curve for each of several runs in one chart, with a linear or logarithmic axis; the legend hides runs.
import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import { thinned, type CurvePoint, type CurveScale } from '../../lab/comparison/runCurves.ts';
import { format } from '../shared/format.ts';
import { amountAxis, countAxis, logAxis } from './axes.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';
import { axisOf, NO_BOUNDS } from './ZoomFields.tsx';

export interface OverlaidCurve {
  readonly id: string;
  readonly name: string;
  readonly style: { readonly stroke: string; readonly dash: string | undefined };
  readonly points: readonly CurvePoint[];
  readonly isHidden: boolean;
}

interface OverlayChartProps {
  readonly caption: string;
  readonly measure: 'loss' | 'F1';
  readonly across: CurveScale;
  readonly curves: readonly OverlaidCurve[];
  readonly isLog: boolean;
  readonly onToggle: (id: string) => void;
  /** Why there is nothing to draw where no run has a point. */
  readonly whyEmpty: string;
}

/** Points drawn of all curves together: more than the pixels of a chart, and few enough to be drawn at once. */
const MOST_POINTS = 6000;
const MOST_DOTS = 60;
const UNITS: Readonly<Record<CurveScale, string>> = { steps: 'step', epochs: 'epoch', minutes: 'minute' };

export function OverlayChart({ caption, measure, across, curves, isLog, onToggle, whyEmpty }: OverlayChartProps) {
  const drawn = useMemo(() => {
    const shown = curves.filter(({ isHidden }) => !isHidden);
    const limit = Math.max(50, Math.floor(MOST_POINTS / Math.max(1, shown.length)));
    return shown.map((curve) => {
      const points = isLog ? curve.points.filter(({ y }) => y > 0) : curve.points;
      return { ...curve, points: [...thinned(points, limit, ({ y }) => y)] };
    });
  }, [curves, isLog]);
  const all = drawn.flatMap(({ points }) => points);
  const values = all.map(({ y }) => y);
  const axis = isLog ? logAxis(values) : measure === 'F1' ? axisOf(NO_BOUNDS, values) : amountAxis(values);
  const furthest = all.reduce((most, { x }) => Math.max(most, x), 0);
  const isNegative = isLog && curves.some(({ points }) => points.some(({ y }) => y <= 0));
  const hasPoints = curves.some(({ points }) => points.length > 0);
  return (
    <ChartFrame
      caption={caption}
      legend={curves.map(({ id, name, style, isHidden }) => ({
        name,
        line: style,
        toggle: { isHidden, onToggle: () => onToggle(id) },
      }))}
      rows={() => [
        ['run', UNITS[across], measure],
        ...curves.flatMap(({ name, points, isHidden }) => (isHidden ? [] : points.map(({ x, y }) => [name, x, y]))),
      ]}
      heightPx={340}
      empty={hasPoints ? null : whyEmpty}
      note={isNegative ? 'Points at or below zero have no place on a logarithmic axis and are left out.' : undefined}
    >
      <LineChart margin={chartStyle.margin} title={caption}>
        <CartesianGrid {...chartStyle.grid} />
        <XAxis
          {...chartStyle.axis}
          dataKey="x"
          type="number"
          {...countAxis(0, Math.max(1, across === 'minutes' ? furthest : Math.ceil(furthest)))}
          tickFormatter={format.count}
          allowDuplicatedCategory={false}
          padding={{ right: 8 }}
        />
        <YAxis {...chartStyle.yAxis} {...axis} scale={isLog ? 'log' : 'linear'} allowDataOverflow />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => (measure === 'F1' ? format.percent(Number(value)) : format.quantity(Number(value)))}
          labelFormatter={(x) => `${UNITS[across]} ${placeText(Number(x), across)}`}
        />
        {drawn.map(({ id, name, style, points }) => (
          <Line
            key={id}
            data={points}
            dataKey="y"
            name={name}
            stroke={style.stroke}
            strokeWidth={1.75}
            {...(style.dash === undefined ? {} : { strokeDasharray: style.dash })}
            dot={
              points.length <= MOST_DOTS && measure === 'F1' ? { r: 2.5, fill: style.stroke, strokeWidth: 0 } : false
            }
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ChartFrame>
  );
}

function placeText(x: number, across: CurveScale): string {
  return across === 'steps' ? format.count(x) : String(Number(x.toFixed(2)));
}
