// Draws scores by stratum of mentions and sentence lengths by split as bars, and test F1 by the number of training sentences.
import { Bar, BarChart, CartesianGrid, ErrorBar, Line, LineChart, Surface, Tooltip, XAxis, YAxis } from 'recharts';
import type { LengthHistogram } from '../../analysis/questions/sentencesQuery.ts';
import { SPLITS } from '../../data/corpus/corpus.ts';
import type { LearningPoint } from '../../lab/comparison/comparisonCurves.ts';
import type { StratumScore } from '../../metrics/errorKinds.ts';
import type { SpanScore } from '../../metrics/scores/spanScore.ts';
import { format } from '../shared/format.ts';
import type { Measure } from '../shared/runName.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { axisOf, NO_BOUNDS } from './ZoomFields.tsx';
import { chartStyle, countAxis, seriesStyle } from './chartStyle.ts';

// Draws scores by stratum of mentions as bars: precision, recall and F1 of one run, or one of them for two runs.

/** Percent; null for precision without predicted mentions, recall without annotated ones, F1 without either. */
export function stratumValue(score: SpanScore | undefined, measure: Measure): number | null {
  if (score === undefined) return null;
  const { gold, predicted } = score;
  const counted = { precision: predicted, recall: gold, f1: gold + predicted }[measure];
  return counted === 0 ? null : score[measure];
}

interface StrataChartProps {
  readonly caption: string;
  /** Name of a stratum on the axis. */
  readonly nameOf: (stratum: StratumScore) => string;
  /** Scores by run; every run has the same strata. */
  readonly strata: readonly (readonly StratumScore[])[];
  readonly names: readonly string[];
  /** The measure drawn for two runs. */
  readonly measure: Measure;
}

interface Series {
  readonly name: string;
  readonly run: number;
  readonly measure: Measure;
  readonly colour: string;
  /** Dashes of the outline, so that bars are distinct without colour. */
  readonly dash: string | undefined;
}

const OF_ONE: readonly Series[] = [
  { name: 'precision', run: 0, measure: 'precision', colour: 'var(--chart-precision)', dash: '5 3' },
  { name: 'recall', run: 0, measure: 'recall', colour: 'var(--chart-recall)', dash: '1.5 3' },
  { name: 'F1', run: 0, measure: 'f1', colour: 'var(--accent)', dash: undefined },
];

export function StrataChart({ caption, nameOf, strata, names, measure }: StrataChartProps) {
  const series: readonly Series[] =
    strata.length === 1
      ? OF_ONE
      : names.map((name, run) => ({
          name,
          run,
          measure,
          colour: run === 0 ? 'var(--type-0)' : 'var(--type-1)',
          dash: run === 0 ? undefined : '3 2',
        }));
  return (
    <ChartFrame
      caption={caption}
      legend={series.map(({ name, colour, dash }) => ({ name, line: { stroke: colour, dash } }))}
      rows={() => [
        ['stratum', 'run', 'gold', 'predicted', 'correct', 'precision', 'recall', 'F1'],
        ...strata.flatMap((ofRun, run) =>
          ofRun.map((stratum) => {
            const { gold, predicted, correct } = stratum.score;
            const value = (of: Measure) => stratumValue(stratum.score, of);
            const scores = [value('precision'), value('recall'), value('f1')];
            return [nameOf(stratum), names[run] ?? null, gold, predicted, correct, ...scores];
          }),
        ),
      ]}
      empty={
        strata.every((ofRun) => ofRun.length === 0) ? 'No mention is annotated or predicted in the test split.' : null
      }
    >
      {(width) => <Bars width={width} title={caption} series={series} nameOf={nameOf} strata={strata} />}
    </ChartFrame>
  );
}

const HEIGHT_PX = 220;
const MARGIN = { top: 8, right: 12, bottom: 24, left: 44 } as const;
const TICKS = [0, 25, 50, 75, 100] as const;
/** Gap between the bars of one stratum, and between strata as a part of a stratum's width. */
const BAR_GAP_PX = 2;
const STRATUM_GAP = 0.18;
const WIDEST_BAR_PX = 48;

interface BarsProps extends Pick<StrataChartProps, 'nameOf' | 'strata'> {
  readonly width: number;
  readonly title: string;
  readonly series: readonly Series[];
}

/** Drawn without the chart library, as the radar is: three of its charts block the page for a fifth of a second. */
function Bars({ width, title, series, nameOf, strata }: BarsProps) {
  const [first = []] = strata;
  const room = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT_PX - MARGIN.top - MARGIN.bottom };
  const band = room.width / Math.max(1, first.length);
  const bar = Math.min(WIDEST_BAR_PX, (band * (1 - STRATUM_GAP) - BAR_GAP_PX * (series.length - 1)) / series.length);
  const group = series.length * bar + BAR_GAP_PX * (series.length - 1);
  const heightOf = (value: number) => (room.height * value) / 100;
  const bottom = MARGIN.top + room.height;
  return (
    <Surface width={width} height={HEIGHT_PX} role="img" aria-label={title}>
      {TICKS.map((tick) => (
        <g key={tick}>
          <line
            x1={MARGIN.left}
            x2={width - MARGIN.right}
            y1={bottom - heightOf(tick)}
            y2={bottom - heightOf(tick)}
            stroke={tick === 0 ? 'var(--line-strong)' : 'var(--line)'}
          />
          <text {...chartStyle.axis.tick} x={MARGIN.left - 8} y={bottom - heightOf(tick) + 4} textAnchor="end">
            {tick}
          </text>
        </g>
      ))}
      {first.map((stratum, position) => {
        const middle = MARGIN.left + band * (position + 0.5);
        return (
          <g key={nameOf(stratum)}>
            <text {...chartStyle.axis.tick} x={middle} y={HEIGHT_PX - 8} textAnchor="middle">
              {nameOf(stratum)}
            </text>
            {series.map(({ name, run, measure, colour, dash }, index) => {
              const value = stratumValue(strata[run]?.[position]?.score, measure);
              if (value === null) return null;
              return (
                <rect
                  key={name}
                  x={middle - group / 2 + index * (bar + BAR_GAP_PX)}
                  y={bottom - heightOf(value)}
                  width={bar}
                  height={heightOf(value)}
                  fill={colour}
                  fillOpacity={dash === undefined ? 1 : 0.25}
                  stroke={colour}
                  strokeDasharray={dash}
                >
                  <title>{`${nameOf(stratum)}, ${name}: ${format.percent(value)}`}</title>
                </rect>
              );
            })}
          </g>
        );
      })}
    </Surface>
  );
}

// Draws test F1 by the number of training sentences, with its deviation over seeds, for one run or two.

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

// Draws the sentence lengths of a corpus by split.

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
