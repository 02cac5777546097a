// Scores of strata of mentions as bars: precision, recall and F1 of one run, or one of them for two runs.
import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts';
import type { StratumScore } from '../../metrics/strata.ts';
import type { Measure } from '../snapshotSpread.ts';
import { stratumValue } from '../analyse/stratumValue.ts';
import { format } from '../format.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

export interface StrataChartProps {
  readonly caption: string;
  /** What a stratum is called, as the axis shows it. */
  readonly nameOf: (stratum: StratumScore) => string;
  /** Of each run, the same strata. */
  readonly strata: readonly (readonly StratumScore[])[];
  readonly names: readonly string[];
  /** What is drawn of two runs. */
  readonly measure: Measure;
}

interface Series {
  readonly name: string;
  readonly run: number;
  readonly measure: Measure;
  readonly colour: string;
  /** Drawn as an outline, so that it is told apart without colour. */
  readonly dash: string | undefined;
}

const OF_ONE: readonly Series[] = [
  { name: 'precision', run: 0, measure: 'precision', colour: 'var(--chart-precision)', dash: '5 3' },
  { name: 'recall', run: 0, measure: 'recall', colour: 'var(--chart-recall)', dash: '1.5 3' },
  { name: 'F1', run: 0, measure: 'f1', colour: 'var(--accent)', dash: undefined },
];

export function StrataChart({ caption, nameOf, strata, names, measure }: StrataChartProps) {
  const [first = []] = strata;
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
  const bars = first.map((stratum, place) => ({
    stratum: nameOf(stratum),
    ...Object.fromEntries(
      series.map((one, index) => [`series${index}`, stratumValue(strata[one.run]?.[place]?.score, one.measure)]),
    ),
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
    >
      <BarChart data={bars} margin={chartStyle.margin} barCategoryGap="18%" barGap={2} title={caption}>
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="stratum" minTickGap={2} />
        <YAxis {...chartStyle.yAxis} domain={[0, 100]} />
        <Tooltip
          {...chartStyle.tooltip}
          cursor={{ fill: 'var(--hover)' }}
          formatter={(value) => format.percent(Number(value))}
        />
        {series.map(({ name, colour, dash }, index) => (
          <Bar
            key={name}
            dataKey={`series${index}`}
            name={name}
            fill={colour}
            fillOpacity={dash === undefined ? 1 : 0.25}
            stroke={colour}
            strokeDasharray={dash ?? ''}
            maxBarSize={48}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </ChartFrame>
  );
}
