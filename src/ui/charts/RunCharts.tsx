// Draws the charts of runs: devel F1 by epoch and loss by step of one, and one curve for each of several.
import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import { thinned, type CurvePoint, type CurveScale } from '../../lab/comparison/comparisonCurves.ts';
import type { EpochPoint, StepPoint } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { axisOf, NO_BOUNDS } from './ZoomFields.tsx';
import { amountAxis, chartStyle, countAxis, logAxis } from './chartStyle.ts';

const DEVEL_LEGEND = [
  { name: 'precision', line: 'precision' },
  { name: 'recall', line: 'recall' },
  { name: 'F1', line: 'thick' },
];

/** Most epochs drawn with dots: dots that touch say nothing, and each is an element of the page. */
const MOST_EPOCH_DOTS = 100;

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
  const dotOf = (r: number, fill: string) => points.length <= MOST_EPOCH_DOTS && { r, fill, strokeWidth: 0 };
  const last = points.at(-1)?.epoch ?? 1;
  const axis = axisOf(
    NO_BOUNDS,
    points.flatMap(({ precision, recall }) => [precision, recall]),
  );
  return (
    <ChartFrame
      caption={caption}
      legend={DEVEL_LEGEND}
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

// Draws the training loss by step, raw and smoothed.

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

const LOSS_LEGEND = [
  { name: 'loss', line: 'raw' },
  { name: 'smoothed', line: 'thick' },
];

export function LossChart({ steps }: { readonly steps: readonly StepPoint[] }) {
  const points = useMemo(() => [...lossSeries(steps)], [steps]);
  return (
    <ChartFrame
      caption="Training loss by step"
      legend={LOSS_LEGEND}
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

// Draws one curve for each of several runs in one chart, with a linear or logarithmic axis; the legend hides runs.

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
const MOST_OVERLAY_DOTS = 60;
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
              points.length <= MOST_OVERLAY_DOTS && measure === 'F1'
                ? { r: 2.5, fill: style.stroke, strokeWidth: 0 }
                : false
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
