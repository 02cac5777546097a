// Draws the five ratios of several tasks as a radar chart, as in Figs. 3 and 4 of the paper.
import { Surface } from 'recharts';
import { ENTITY_RATIOS, type EntityRatio, type EntitySets } from '../../metrics/entitySets.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { RATIO_WORDS } from './regionWords.ts';

/** Highest value of the rim; larger ones are given in words, or they would squeeze all others into the middle. */
const FURTHEST = 200;
const STEP = 25;

/** Returns bounds and ticks in percent for these values of E. */
export function ratioAxis(surplus: readonly number[]): { readonly domain: [number, number]; readonly ticks: number[] } {
  const low = Math.min(0, ...surplus.map((value) => STEP * Math.floor(value / STEP)));
  const high = Math.min(FURTHEST, Math.max(100, ...surplus.map((value) => STEP * Math.ceil(value / STEP))));
  const distance = high - low > 200 ? 2 * STEP : STEP;
  const first = Math.ceil(low / distance);
  const ticks = Array.from(
    { length: Math.floor(high / distance) - first + 1 },
    (_, index) => (first + index) * distance,
  );
  return { domain: [low, high], ticks: ticks.map((tick) => tick + 0) };
}

export interface RatioLine {
  readonly key: string;
  readonly task: TaskRef;
  /** Index in the category, which determines the colour of the line. */
  readonly index: number;
  readonly ratios: EntitySets['ratios'] | null;
  /** Why there are no predictions; null where there are. */
  readonly lack: string | null;
  readonly isChosen: boolean;
  readonly isSubject: boolean;
}

type Weight = 'strings' | 'mentions';

interface RatioRadarProps {
  readonly lines: readonly RatioLine[];
  readonly caption: string;
  readonly weight: Weight;
  readonly onWeight: (weight: Weight) => void;
}

const DASHES = [undefined, '7 3', '2 3', '10 3 2 3'] as const;
const COLOURS = 8;
const HEIGHT_PX = 380;
/** Width below which names do not fit beside the letters. */
const NARROW_PX = 420;
const ZERO = { name: '0 %', line: { stroke: 'var(--ink)', dash: '1 3' } } as const;

export function RatioRadar({ lines, caption, weight, onWeight }: RatioRadarProps) {
  const axis = ratioAxis(lines.flatMap((line) => valueOf(line, 'E', weight) ?? []));
  const [low, high] = axis.domain;
  const beyond = lines.filter((line) => (valueOf(line, 'E', weight) ?? 0) > high);
  const notes = [
    `The centre is ${whole(low)}${low < 0 ? ', the dotted ring 0 %' : ''} and the rim ${whole(high)}.`,
    ...beyond.map(
      (line) =>
        `E of ${taskRefName(line.task)} lies beyond the rim: ${format.ratio((valueOf(line, 'E', weight) ?? 0) / 100)}.`,
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
            <option value="strings">strings, as in the paper</option>
            <option value="mentions">mentions</option>
          </select>
        </label>
      }
      note={notes.join(' ')}
    >
      {(width) => <Radar lines={lines} weight={weight} axis={axis} width={width} title={`${caption}: ratios A to E`} />}
    </ChartFrame>
  );
}

interface RadarProps extends Pick<RatioRadarProps, 'lines' | 'weight'> {
  readonly axis: ReturnType<typeof ratioAxis>;
  readonly width: number;
  readonly title: string;
}

/** Drawn without the chart library, whose ten lines would block the page longer than everything else on it. */
function Radar({ lines, weight, axis, width, title }: RadarProps) {
  const [low, high] = axis.domain;
  const centre = { x: width / 2, y: HEIGHT_PX / 2 + 10 };
  const radius = Math.min(width / 2 - (width < NARROW_PX ? 24 : 110), HEIGHT_PX / 2 - 24);
  const reach = (value: number) => (radius * (Math.min(high, value) - low)) / (high - low);
  const at = (spoke: number, distance: number) => {
    const angle = (2 * Math.PI * spoke) / ENTITY_RATIOS.length;
    return { x: centre.x + distance * Math.sin(angle), y: centre.y - distance * Math.cos(angle) };
  };
  const ring = (distance: number) => pointsText(ENTITY_RATIOS.map((_, spoke) => at(spoke, distance)));
  return (
    <Surface width={width} height={HEIGHT_PX} role="img" aria-label={title}>
      {axis.ticks.map((tick) => (
        <polygon key={tick} points={ring(reach(tick))} fill="none" stroke="var(--line)" />
      ))}
      <polygon points={ring(radius)} fill="none" stroke="var(--line-strong)" />
      {low < 0 && <polygon points={ring(reach(0))} fill="none" stroke={ZERO.line.stroke} strokeDasharray="1 3" />}
      {ENTITY_RATIOS.map((ratio, spoke) => {
        const end = at(spoke, radius);
        const name = at(spoke, radius + 10);
        const side = Math.sign(Math.round(name.x - centre.x));
        return (
          <g key={ratio}>
            <line x1={centre.x} y1={centre.y} x2={end.x} y2={end.y} stroke="var(--line)" />
            <text
              x={name.x}
              y={name.y + (name.y > centre.y ? 8 : 2)}
              fill="var(--ink-soft)"
              fontSize={11}
              textAnchor={side === 0 ? 'middle' : side > 0 ? 'start' : 'end'}
            >
              {width < NARROW_PX ? ratio : `${ratio} ${RATIO_WORDS[ratio].name}`}
            </text>
          </g>
        );
      })}
      {lines.map((line) => {
        const { stroke, dash } = lineStyle(line);
        const points = ENTITY_RATIOS.flatMap((ratio, spoke) => {
          const value = valueOf(line, ratio, weight);
          return value === null ? [] : [{ ratio, value, ...at(spoke, reach(value)) }];
        });
        return (
          <g key={line.key}>
            <polygon
              points={pointsText(points)}
              fill={stroke}
              fillOpacity={line.isSubject ? 0.1 : 0}
              stroke={stroke}
              strokeWidth={line.isSubject ? 2.5 : 1.5}
              strokeDasharray={dash}
            />
            {points.map(({ ratio, value, x, y }) => (
              <circle key={ratio} cx={x} cy={y} r={3} fill={stroke}>
                <title>{`${taskRefName(line.task)}, ${ratio}: ${format.ratio(value / 100)}`}</title>
              </circle>
            ))}
          </g>
        );
      })}
      {axis.ticks.slice(0, -1).map((tick) => (
        <text
          key={tick}
          x={centre.x - 5}
          y={at(0, reach(tick)).y + 3}
          fill="var(--ink-soft)"
          fontSize={10}
          textAnchor="end"
          stroke="var(--paper)"
          strokeWidth={3}
          paintOrder="stroke"
        >
          {signed(tick)}
        </text>
      ))}
    </Surface>
  );
}

function pointsText(points: readonly { readonly x: number; readonly y: number }[]): string {
  return points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
}

/** In percent. */
function valueOf({ ratios }: RatioLine, ratio: EntityRatio, weight: Weight): number | null {
  const value = ratios?.[ratio][weight] ?? null;
  return value === null ? null : 100 * value;
}

function whole(value: number): string {
  return `${signed(value)} %`;
}

function signed(value: number): string {
  return value < 0 ? `−${-value}` : String(value);
}

function lineStyle({ index }: RatioLine) {
  return {
    stroke: `var(--type-${index % COLOURS})`,
    dash: DASHES[(index + Math.floor(index / COLOURS)) % DASHES.length],
  };
}
