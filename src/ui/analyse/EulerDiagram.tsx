// Draws T, L and P as circles in proportion to their strings, places a label for each region, and lets each be chosen.
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { Surface } from 'recharts';
import type {
  EntitySetDiagram,
  EulerCircle,
  EulerLayout,
  EulerPoint,
} from '../../analysis/questions/sentencesQuery.ts';
import { ENTITY_REGIONS, type EntityRegion } from '../../metrics/entitySets.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { format } from '../shared/format.ts';
import { regionsShown, regionWords } from './RegionStrings.tsx';

const NAMES = ['T', 'L', 'P'] as const;
const HEIGHT_PX = 340;
/** How many times wider than L and P the circle T has to be before a close-up is offered. */
const WIDER = 1.5;
const LEGEND = {
  T: { name: 'T, training', line: { stroke: 'var(--set-t)', dash: undefined } },
  L: { name: 'L, annotated in test', line: { stroke: 'var(--set-l)', dash: '7 3' } },
  P: { name: 'P, predicted in test', line: { stroke: 'var(--set-p)', dash: '2 3' } },
} as const;

export interface EulerDiagramProps {
  readonly diagram: EntitySetDiagram;
  readonly caption: string;
  readonly chosen: EntityRegion | null;
  readonly onChoose: (region: EntityRegion) => void;
}

export function EulerDiagram(props: EulerDiagramProps) {
  const { diagram, caption } = props;
  const [closeUp, setCloseUp] = useState(false);
  const isPredicted = diagram.P !== null;
  const { T, L, P } = diagram.layout.circles;
  const canCloseUp = L.radius + P.radius > 0 && T.radius > WIDER * Math.max(L.radius, P.radius);
  const all = stringsOf(diagram);
  return (
    <ChartFrame
      caption={caption}
      legend={(isPredicted ? NAMES : NAMES.slice(0, 2)).map((name) => LEGEND[name])}
      rows={() => [
        ['region', 'meaning', 'strings', 'mentions', 'share', 'drawn area'],
        ...regionsShown(isPredicted).map((region) => {
          const { sign, name } = regionWords(region, isPredicted);
          const { strings, mentions } = diagram.regions[region];
          const area = Number(diagram.layout.regions[region].drawn.toFixed(1));
          return [sign, name, strings, mentions, all === 0 ? null : strings / all, area];
        }),
      ]}
      heightPx={HEIGHT_PX}
      empty={
        all === 0 ? 'Neither training nor test has a mention of this task, so there is no string to compare.' : null
      }
      controls={
        canCloseUp ? (
          <label className="check">
            <input type="checkbox" checked={closeUp} onChange={(event) => setCloseUp(event.target.checked)} />
            Zoom in on {isPredicted ? 'L and P' : 'L'}
          </label>
        ) : undefined
      }
      note={drawnNote(diagram) ?? undefined}
    >
      {(width) => <Drawing {...props} width={width} closeUp={closeUp && canCloseUp} />}
    </ChartFrame>
  );
}

interface DrawingProps extends EulerDiagramProps {
  readonly width: number;
  readonly closeUp: boolean;
}

function Drawing({ diagram, caption, chosen, onChoose, width, closeUp }: DrawingProps) {
  const id = useId();
  const isPredicted = diagram.P !== null;
  const filled = ENTITY_REGIONS.filter((region) => diagram.regions[region].strings > 0);
  const placed = placeEuler(diagram.layout, filled, { width, height: HEIGHT_PX }, closeUp);
  const drawn = NAMES.filter((name) => placed.circles[name].radius > 0);
  const all = stringsOf(diagram);
  const shareOf = (region: EntityRegion) => format.shareOf(diagram.regions[region].strings, all);
  const whole = { width, height: HEIGHT_PX };
  return (
    <Surface {...whole} className="euler" role="group" aria-label={`${caption}: regions`}>
      <defs>
        {drawn.map((name) => (
          <clipPath key={name} id={`${id}-in-${name}`}>
            <CircleOf {...placed.circles[name]} />
          </clipPath>
        ))}
        {filled.map((region) => (
          <mask key={region} id={`${id}-only-${region}`} maskUnits="userSpaceOnUse" x={0} y={0} {...whole}>
            <rect {...whole} fill="#fff" />
            {drawn
              .filter((name) => !region.includes(name))
              .map((name) => (
                <CircleOf key={name} {...placed.circles[name]} fill="#000" />
              ))}
          </mask>
        ))}
      </defs>
      {drawn.map((name) => (
        <CircleOf key={name} {...placed.circles[name]} fill={LEGEND[name].line.stroke} fillOpacity={0.14} />
      ))}
      {/* Overlaps come later and lie on top, so that the pointer hits the region under it. */}
      {filled.map((region) => (
        <Region
          key={region}
          label={`${regionWords(region, isPredicted).name}: ${format.counted(diagram.regions[region].strings, 'string')}, ${shareOf(region)}`}
          isChosen={region === chosen}
          onChoose={() => onChoose(region)}
        >
          <g mask={`url(#${id}-only-${region})`}>
            {within(region, id, <rect {...whole} className="euler-fill" fill="var(--ink)" fillOpacity={0} />)}
          </g>
        </Region>
      ))}
      {drawn.map((name) => (
        <CircleOf
          key={name}
          {...placed.circles[name]}
          className="euler-line"
          fill="none"
          stroke={LEGEND[name].line.stroke}
          strokeWidth={2}
          strokeDasharray={LEGEND[name].line.dash}
        />
      ))}
      {drawn.map((name) => (
        <SetName key={name} name={name} {...placed.circles[name]} />
      ))}
      {placed.labels.map(
        (label) => label.from !== null && <Leader key={label.region} at={label.at} from={label.from} />,
      )}
      {placed.labels.map((label) => (
        <RegionLabel
          key={label.region}
          label={label}
          count={format.count(diagram.regions[label.region].strings)}
          share={shareOf(label.region)}
          name={regionWords(label.region, isPredicted).name}
          isChosen={label.region === chosen}
        />
      ))}
    </Surface>
  );
}

function stringsOf({ regions }: EntitySetDiagram): number {
  return ENTITY_REGIONS.reduce((sum, region) => sum + regions[region].strings, 0);
}

/** Clips the content to all circles of the region. */
function within(region: EntityRegion, id: string, content: ReactNode): ReactNode {
  return [...region].reduce((inner, name) => <g clipPath={`url(#${id}-in-${name})`}>{inner}</g>, content);
}

interface RegionProps {
  readonly label: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}

function Region({ label, isChosen, onChoose, children }: RegionProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onChoose();
  };
  return (
    <g
      className={`euler-region${isChosen ? ' chosen' : ''}`}
      role="button"
      tabIndex={0}
      aria-label={label}
      aria-pressed={isChosen}
      onClick={onChoose}
      onKeyDown={press}
    >
      {children}
    </g>
  );
}

type CircleProps = React.SVGProps<SVGCircleElement> & {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
};

function CircleOf({ x, y, radius, ...rest }: CircleProps) {
  return <circle cx={x} cy={y} r={radius} {...rest} />;
}

/** Angle at which a circle has its name, in degrees clockwise from the right. */
const NAME_AT = { T: 225, L: -62, P: 62 } as const;

function SetName({ name, x, y, radius }: { name: 'T' | 'L' | 'P'; x: number; y: number; radius: number }) {
  const angle = (NAME_AT[name] * Math.PI) / 180;
  const reach = radius + 11;
  return (
    <text
      className="euler-text"
      x={x + reach * Math.cos(angle)}
      y={y + reach * Math.sin(angle) + 4}
      fill={LEGEND[name].line.stroke}
      fontSize={13}
      fontWeight={650}
      textAnchor="middle"
    >
      {name}
    </text>
  );
}

function Leader({ at, from }: { readonly at: EulerPoint; readonly from: EulerPoint }) {
  return (
    <g className="euler-text">
      <polyline
        points={`${from.x},${from.y} ${at.x - 12},${at.y} ${at.x - 4},${at.y}`}
        fill="none"
        stroke="var(--line-strong)"
      />
      <circle cx={from.x} cy={from.y} r={2} fill="var(--ink)" />
    </g>
  );
}

interface RegionLabelProps {
  readonly label: PlacedLabel;
  readonly count: string;
  readonly share: string;
  readonly name: string;
  readonly isChosen: boolean;
}

function RegionLabel({ label: { at, isInside }, count, share, name, isChosen }: RegionLabelProps) {
  const weight = isChosen ? 700 : 560;
  const anchor = isInside ? 'middle' : 'start';
  // Lines to other labels pass behind the letters.
  const halo = { stroke: 'var(--paper)', strokeWidth: 3, strokeOpacity: 0.7, paintOrder: 'stroke' } as const;
  return (
    <g className="euler-text">
      <text x={at.x} y={at.y - 2} fill="var(--ink)" fontSize={12} fontWeight={weight} textAnchor={anchor} {...halo}>
        {isInside ? count : `${count} · ${share}`}
      </text>
      <text x={at.x} y={at.y + 12} fill="var(--ink-soft)" fontSize={12} textAnchor={anchor} {...halo}>
        {isInside ? share : name}
      </text>
    </g>
  );
}

// Places an Euler diagram in a picture: circles to scale, and a label for each region, outside the circles where there is no space inside.

export interface PlacedLabel {
  readonly region: EntityRegion;
  /** Middle of the label inside its region, left end of it outside. */
  readonly at: EulerPoint;
  /** Where the line to a label outside begins; null without a line. */
  readonly from: EulerPoint | null;
  readonly isInside: boolean;
}

interface PlacedEuler {
  readonly circles: EulerLayout['circles'];
  readonly labels: readonly PlacedLabel[];
}

interface PictureSize {
  readonly width: number;
  readonly height: number;
}

const MARGIN_PX = 22;
const COLUMN_PX = 124;
/** Height of a label of two lines. */
const LABEL_PX = 32;
const ROOM_PX = 24;

/**
 * All in pixels of the picture. With `closeUp` L and P fill it, and T is cut by its edge. `regions` are those that get a label, all that
 * have strings.
 */
export function placeEuler(
  layout: EulerLayout,
  regions: readonly EntityRegion[],
  { width, height }: PictureSize,
  closeUp: boolean,
): PlacedEuler {
  const { T, L, P } = layout.circles;
  const seen = (closeUp ? [L, P] : [T, L, P]).filter(({ radius }) => radius > 0);
  const left = Math.min(...seen.map(({ x, radius }) => x - radius));
  const right = Math.max(...seen.map(({ x, radius }) => x + radius));
  const top = Math.min(...seen.map(({ y, radius }) => y - radius));
  const bottom = Math.max(...seen.map(({ y, radius }) => y + radius));
  const room = { width: width - COLUMN_PX - 2 * MARGIN_PX, height: height - 2 * MARGIN_PX };
  const scale = seen.length === 0 ? 0 : Math.min(room.width / (right - left), room.height / (bottom - top));
  const shift = {
    x: MARGIN_PX + room.width / 2 - (scale * (left + right)) / 2,
    y: height / 2 - (scale * (top + bottom)) / 2,
  };
  const point = ({ x, y }: EulerPoint): EulerPoint => ({ x: shift.x + scale * x, y: shift.y + scale * y });
  const circle = (one: EulerCircle): EulerCircle => ({ ...point(one), radius: scale * one.radius });
  const isSeen = ({ x, y }: EulerPoint) => x > 0 && x < width - COLUMN_PX && y > 0 && y < height;

  const wanted = regions.map((region) => {
    const { middle } = layout.regions[region];
    const at = middle === null ? null : point(middle);
    const from = at !== null && isSeen(at) ? at : null;
    return { region, from, isInside: from !== null && middle !== null && scale * middle.clearance >= ROOM_PX };
  });
  const inside = wanted.flatMap(({ region, from, isInside }): PlacedLabel[] =>
    isInside && from !== null ? [{ region, at: from, from: null, isInside }] : [],
  );
  const outside = wanted.filter(({ isInside }) => !isInside);
  outside.sort((one, other) => (one.from?.y ?? height) - (other.from?.y ?? height));
  const heights = spread(
    outside.map(({ from }) => from?.y ?? height),
    height,
  );
  return {
    circles: { T: circle(T), L: circle(L), P: circle(P) },
    labels: [
      ...inside,
      ...outside.map(({ region, from }, index): PlacedLabel => {
        const at = { x: width - COLUMN_PX + 8, y: heights[index] ?? 0 };
        return { region, at, from, isInside: false };
      }),
    ],
  };
}

/** Heights in order, moved apart as little as keeps each label clear of the one above and all of them in the picture. */
function spread(wanted: readonly number[], height: number): readonly number[] {
  const heights: number[] = [];
  for (const [index, at] of wanted.entries()) {
    heights.push(Math.max(at, index === 0 ? LABEL_PX / 2 : (heights[index - 1] ?? 0) + LABEL_PX));
  }
  let limit = height - LABEL_PX / 2;
  for (let index = heights.length - 1; index >= 0; index--) {
    heights[index] = Math.min(heights[index] ?? 0, limit);
    limit = (heights[index] ?? 0) - LABEL_PX;
  }
  return heights;
}

/** Errors of a twentieth of a region's strings, or of one in 5,000 of all (a dozen pixels), are invisible. */
const UNSEEN = { ofRegion: 0.05, ofAll: 0.0002 };

/** Says which region is furthest from its true area; null where no error is visible. */
export function drawnNote({ regions, layout, P }: EntitySetDiagram): string | null {
  const all = ENTITY_REGIONS.reduce((sum, region) => sum + regions[region].strings, 0);
  const off = ENTITY_REGIONS.map((region) => {
    const { strings } = regions[region];
    const difference = layout.regions[region].drawn - strings;
    return { region, strings, difference, part: Math.abs(difference) / Math.max(1, strings) };
  }).filter(({ difference, part }) => part > UNSEEN.ofRegion && Math.abs(difference) > UNSEEN.ofAll * all);
  const [worst] = off.toSorted((left, right) => right.part - left.part);
  if (worst === undefined) return null;
  const drawn = Math.round(worst.strings + worst.difference);
  const others =
    off.length === 1
      ? ''
      : ` ${format.counted(off.length - 1, 'other region')} ${off.length === 2 ? 'deviates' : 'deviate'} less.`;
  const name = regionWords(worst.region, P !== null).name;
  return `Three circles cannot show these numbers exactly: “${name}” has ${format.count(worst.strings)} and is drawn as ${format.count(drawn)}.${others}`;
}
