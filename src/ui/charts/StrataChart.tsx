// Draws scores by stratum of mentions as bars: precision, recall and F1 of one run, or one of them for two runs.
import { Surface } from 'recharts';
import type { SpanScore } from '../../metrics/scores/spanScore.ts';
import type { StratumScore } from '../../metrics/strata.ts';
import { format } from '../shared/format.ts';
import type { Measure } from '../shared/selectedSnapshot.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

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
