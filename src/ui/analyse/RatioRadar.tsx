// The five ratios of several tasks as a radar, as in Figs. 3 and 4 of the paper.
import { PolarAngleAxis, PolarGrid, PolarRadiusAxis, Radar, RadarChart, Tooltip } from 'recharts';
import { ENTITY_RATIOS, type EntityRatio, type EntitySets } from '../../metrics/entitySets.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { chartStyle } from '../charts/chartStyle.ts';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import { ratioAxis } from './ratioAxis.ts';
import { RATIO_WORDS } from './regionWords.ts';

export interface RatioLine {
  readonly key: string;
  readonly task: TaskRef;
  /** In the category: gives the line its colour. */
  readonly place: number;
  readonly ratios: EntitySets['ratios'] | null;
  /** Why there are no predictions; null where there are. */
  readonly lack: string | null;
  readonly isChosen: boolean;
  readonly isSubject: boolean;
}

type Weight = 'strings' | 'mentions';

export interface RatioRadarProps {
  readonly lines: readonly RatioLine[];
  readonly caption: string;
  readonly weight: Weight;
  readonly onWeight: (weight: Weight) => void;
}

const DASHES = [undefined, '7 3', '2 3', '10 3 2 3'] as const;
const COLOURS = 8;
const HEIGHT_PX = 380;
/** Below this there is no room for names beside the letters. */
const NARROW_PX = 420;
const ZERO = { name: '0 %', line: { stroke: 'var(--ink)', dash: '1 3' } } as const;

export function RatioRadar({ lines, caption, weight, onWeight }: RatioRadarProps) {
  const valueOf = ({ ratios }: RatioLine, ratio: EntityRatio) => {
    const value = ratios?.[ratio][weight] ?? null;
    return value === null ? null : 100 * value;
  };
  const axis = ratioAxis(lines.flatMap((line) => valueOf(line, 'E') ?? []));
  const [low, high] = axis.domain;
  const rows = ENTITY_RATIOS.map((ratio) => ({
    ratio,
    zero: 0,
    values: lines.map((line) => valueOf(line, ratio)),
  }));
  const beyond = lines.filter((line) => (valueOf(line, 'E') ?? 0) > high);
  const notes = [
    `The centre stands for ${whole(low)}${low < 0 ? ', the dotted ring for 0 %' : ''}, the rim for ${whole(high)}.`,
    ...beyond.map(
      (line) => `E of ${taskRefName(line.task)} lies beyond the rim: ${format.ratio((valueOf(line, 'E') ?? 0) / 100)}.`,
    ),
  ];
  return (
    <ChartFrame
      caption={`${caption}, ${weight === 'strings' ? 'by strings' : 'weighted by mentions'}`}
      legend={[
        ...lines.map((line) => ({ name: taskRefName(line.task), line: lineStyle(line) })),
        ...(low < 0 ? [ZERO] : []),
      ]}
      rows={() => [
        ['task', ...ENTITY_RATIOS],
        ...lines.map((line) => [
          taskRefName(line.task),
          ...ENTITY_RATIOS.map((ratio) => line.ratios?.[ratio][weight] ?? null),
        ]),
      ]}
      heightPx={HEIGHT_PX}
      controls={
        <label>
          Count
          <select
            value={weight}
            onChange={(event) => onWeight(event.target.value === 'mentions' ? 'mentions' : 'strings')}
          >
            <option value="strings">strings, as the paper</option>
            <option value="mentions">mentions</option>
          </select>
        </label>
      }
      note={notes.join(' ')}
    >
      {(width) => (
        <RadarChart
          width={width}
          height={HEIGHT_PX}
          data={rows}
          outerRadius={Math.min(width / 2 - 60, HEIGHT_PX / 2 - 30)}
          title={`${caption}: ratios A to E`}
        >
          <PolarGrid stroke="var(--line)" />
          <PolarAngleAxis
            dataKey="ratio"
            tick={chartStyle.axis.tick}
            stroke="var(--line-strong)"
            tickFormatter={(ratio: EntityRatio) => (width < NARROW_PX ? ratio : `${ratio} ${RATIO_WORDS[ratio].name}`)}
          />
          <PolarRadiusAxis
            angle={90}
            domain={[low, high]}
            ticks={axis.ticks.slice(0, -1)}
            allowDataOverflow
            tick={{ ...chartStyle.axis.tick, fontSize: 10 }}
            axisLine={false}
            tickFormatter={signed}
          />
          <Tooltip
            {...chartStyle.tooltip}
            labelFormatter={(ratio) => `${String(ratio)} ${RATIO_WORDS[ratio as EntityRatio].name}`}
            formatter={(value) => format.ratio(Number(value) / 100)}
          />
          {low < 0 && (
            <Radar
              dataKey="zero"
              name="0 %"
              stroke={ZERO.line.stroke}
              strokeDasharray={ZERO.line.dash}
              fill="none"
              tooltipType="none"
              isAnimationActive={false}
            />
          )}
          {lines.map((line, place) => {
            const { stroke, dash } = lineStyle(line);
            return (
              <Radar
                key={line.key}
                name={taskRefName(line.task)}
                dataKey={(row: (typeof rows)[number]) => {
                  const value = row.values[place] ?? null;
                  return value === null ? null : Math.min(high, value);
                }}
                stroke={stroke}
                strokeWidth={line.isSubject ? 2.5 : 1.5}
                {...(dash === undefined ? {} : { strokeDasharray: dash })}
                fill={stroke}
                fillOpacity={line.isSubject ? 0.1 : 0}
                dot={{ r: 2, fill: stroke, fillOpacity: 1, strokeWidth: 0 }}
                connectNulls
                isAnimationActive={false}
              />
            );
          })}
        </RadarChart>
      )}
    </ChartFrame>
  );
}

function whole(value: number): string {
  return `${signed(value)} %`;
}

function signed(value: number): string {
  return value < 0 ? `−${-value}` : String(value);
}

function lineStyle({ place }: RatioLine) {
  return {
    stroke: `var(--type-${place % COLOURS})`,
    dash: DASHES[(place + Math.floor(place / COLOURS)) % DASHES.length],
  };
}
