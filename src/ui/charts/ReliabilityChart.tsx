// Draws how often mentions of a confidence are correct, beside the diagonal on which every confidence would be true.
import { Surface } from 'recharts';
import type { Calibration, ConfidenceBin } from '../../metrics/calibration.ts';
import { format } from '../shared/format.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { chartStyle } from './chartStyle.ts';

/** Confidences as they are, and corrected by a temperature. */
export interface ReliabilitySeries {
  readonly name: string;
  readonly calibration: Calibration;
}

const STYLES = [
  { stroke: 'var(--accent)', dash: undefined },
  { stroke: 'var(--type-1)', dash: '5 3' },
] as const;
const DIAGONAL = { stroke: 'var(--ink-soft)', dash: '2 3' } as const;

export function ReliabilityChart({
  caption,
  series,
}: {
  readonly caption: string;
  readonly series: readonly ReliabilitySeries[];
}) {
  return (
    <ChartFrame
      caption={caption}
      heightPx={SIZE_PX}
      legend={[
        ...series.map(({ name }, index) => ({ name, line: STYLES[index] ?? DIAGONAL })),
        { name: 'as confident as correct', line: DIAGONAL },
      ]}
      rows={() => [
        ['series', 'confidence from', 'to', 'mentions', 'mean confidence', 'correct', '95 % from', '95 % to'],
        ...series.flatMap(
          ({ name, calibration }) =>
          calibration.bins.map(({ from, to, mentions, confidence, accuracy, interval }) => [name, from, to, mentions, confidence, accuracy, interval?.[0] ?? null, interval?.[1] ?? null]), // prettier-ignore
        ),
      ]}
      empty={series.every(({ calibration }) => calibration.mentions === 0) ? 'No mention is predicted in the test split.' : null} // prettier-ignore
      note="Bars are 95 % intervals of the share of correct mentions; a bin without mentions has no point."
    >
      {(width) => <Diagram width={Math.min(width, WIDEST_PX)} title={caption} series={series} />}
    </ChartFrame>
  );
}

const SIZE_PX = 300;
const WIDEST_PX = 460;
const MARGIN = { top: 8, right: 14, bottom: 40, left: 48 } as const;
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;
/** Points of the second series stand beside those of the first. */
const ASIDE_PX = 4;

interface DiagramProps {
  readonly width: number;
  readonly title: string;
  readonly series: readonly ReliabilitySeries[];
}

function Diagram({ width, title, series }: DiagramProps) {
  const room = { width: width - MARGIN.left - MARGIN.right, height: SIZE_PX - MARGIN.top - MARGIN.bottom };
  const x = (confidence: number): number => MARGIN.left + room.width * confidence;
  const y = (share: number): number => MARGIN.top + room.height * (1 - share);
  return (
    <Surface width={width} height={SIZE_PX} role="img" aria-label={title}>
      {TICKS.map((tick) => (
        <g key={tick}>
          <line
            x1={x(0)}
            x2={x(1)}
            y1={y(tick)}
            y2={y(tick)}
            stroke={tick === 0 ? 'var(--line-strong)' : 'var(--line)'}
          />
          <text {...chartStyle.axis.tick} x={x(0) - 8} y={y(tick) + 4} textAnchor="end">
            {100 * tick}
          </text>
          <text {...chartStyle.axis.tick} x={x(tick)} y={y(0) + 18} textAnchor="middle">
            {100 * tick}
          </text>
        </g>
      ))}
      <text {...chartStyle.axis.tick} x={x(0.5)} y={SIZE_PX - 6} textAnchor="middle">
        confidence, %
      </text>
      <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} stroke={DIAGONAL.stroke} strokeDasharray={DIAGONAL.dash} />
      {series.map(({ name, calibration }, index) => (
        <g key={name} stroke={(STYLES[index] ?? DIAGONAL).stroke} strokeWidth={2} fill="none">
          <polyline
            points={filled(calibration.bins).map((bin) => `${x(bin.confidence)},${y(bin.accuracy)}`).join(' ')} // prettier-ignore
            strokeDasharray={(STYLES[index] ?? DIAGONAL).dash}
          />
          {filled(calibration.bins).map(({ from, confidence, accuracy, interval, mentions }) => {
            const at = x(confidence) + index * ASIDE_PX;
            return (
              <g key={from}>
                <line x1={at} x2={at} y1={y(interval[0])} y2={y(interval[1])} strokeWidth={1} />
                <circle cx={x(confidence)} cy={y(accuracy)} r={3.5} fill={(STYLES[index] ?? DIAGONAL).stroke}>
                  <title>{`${name}, confidence ${format.percent(100 * confidence)}: ${format.percent(100 * accuracy)} of ${format.counted(mentions, 'mention')} correct`}</title>
                </circle>
              </g>
            );
          })}
        </g>
      ))}
    </Surface>
  );
}

type FilledBin = ConfidenceBin & {
  readonly confidence: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
};

function filled(bins: readonly ConfidenceBin[]): readonly FilledBin[] {
  return bins.filter((bin): bin is FilledBin => bin.mentions > 0);
}
