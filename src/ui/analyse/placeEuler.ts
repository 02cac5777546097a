// Places an Euler diagram in a picture: circles to scale, and a label for each region, outside the circles where there is no space inside.
import type {
  EntitySetDiagram,
  EulerCircle,
  EulerLayout,
  EulerPoint,
} from '../../analysis/questions/entitySetsQuery.ts';
import { ENTITY_REGIONS, type EntityRegion } from '../../metrics/entitySets.ts';
import { format } from '../shared/format.ts';
import { regionWords } from './regionWords.ts';

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
