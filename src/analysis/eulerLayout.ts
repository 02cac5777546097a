// Lays out T, L and P as circles whose areas and overlaps approximate the numbers of strings as closely as circles can.
import { venn, type ISetOverlap } from '@upsetjs/venn.js';
import { ENTITY_REGIONS, type EntityRegion, type EntitySets } from '../metrics/entitySets.ts';
import type { EulerCircle, EulerLayout, EulerRegion } from './questions/entitySetsQuery.ts';

const NAMES = ['T', 'L', 'P'] as const;
type SetName = (typeof NAMES)[number];
type Circles = EulerLayout['circles'];

/** Slices per overlap when summing its area: the relative error stays below a thousandth. */
const SLICES = 2000;
/** Points along each side of the box searched for the middle of a region. */
const POINTS = 40;
/** A region thinner than this fraction of the largest circle is invisible, and indistinguishable from rounding. */
const THINNEST = 1e-6;

/** Two circles are always exact; three minimise the squared errors of all overlaps (Frederickson's venn.js), deterministically. */
export function eulerLayout(regions: EntitySets['regions']): EulerLayout {
  const sizeOf = (...names: readonly SetName[]): number =>
    ENTITY_REGIONS.reduce(
      (sum, region) => sum + (names.every((name) => region.includes(name)) ? regions[region].strings : 0),
      0,
    );
  const present = NAMES.filter((name) => sizeOf(name) > 0);
  const areas = combinations(present).map((sets): ISetOverlap => ({ sets, size: sizeOf(...sets) }));
  const found = present.length === 0 ? {} : venn(areas);
  const nowhere: EulerCircle = { x: 0, y: 0, radius: 0 };
  const circles = turned({ T: found['T'] ?? nowhere, L: found['L'] ?? nowhere, P: found['P'] ?? nowhere });
  const drawn = drawnAreas(circles);
  const region = (name: EntityRegion): EulerRegion => ({ drawn: drawn(name), middle: middleOf(circles, name) });
  return {
    circles,
    regions: {
      T: region('T'),
      L: region('L'),
      P: region('P'),
      TL: region('TL'),
      TP: region('TP'),
      LP: region('LP'),
      TLP: region('TLP'),
    },
  };
}

function combinations(names: readonly SetName[]): readonly (readonly SetName[])[] {
  return names.reduce<readonly (readonly SetName[])[]>(
    (sets, name) => [...sets, [name], ...sets.map((set) => [...set, name])],
    [],
  );
}

/** Rotates around T until L and P lie to its right, and mirrors if L is below P. */
function turned({ T, L, P }: Circles): Circles {
  const others = [L, P].filter(({ radius }) => radius > 0);
  const mean = (axis: 'x' | 'y') => others.reduce((sum, circle) => sum + circle[axis], 0) / Math.max(1, others.length);
  const angle = Math.atan2(mean('y') - T.y, mean('x') - T.x);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turn = ({ x, y, radius }: EulerCircle): EulerCircle => ({
    x: (x - T.x) * cos + (y - T.y) * sin,
    y: (y - T.y) * cos - (x - T.x) * sin,
    radius,
  });
  const [right, left] = [turn(L), turn(P)];
  const mirror = right.y > left.y ? -1 : 1;
  const mirrored = (circle: EulerCircle): EulerCircle => ({ ...circle, y: mirror * circle.y });
  return { T: { x: 0, y: 0, radius: T.radius }, L: mirrored(right), P: mirrored(left) };
}

/** Computes the area of each region between the circles by inclusion and exclusion. */
function drawnAreas(circles: Circles): (region: EntityRegion) => number {
  const overlap = (...names: readonly SetName[]) => overlapOf(names.map((name) => circles[name]));
  const TLP = overlap('T', 'L', 'P');
  const TL = overlap('T', 'L') - TLP;
  const TP = overlap('T', 'P') - TLP;
  const LP = overlap('L', 'P') - TLP;
  const areas = {
    T: overlap('T') - TL - TP - TLP,
    L: overlap('L') - TL - LP - TLP,
    P: overlap('P') - TP - LP - TLP,
    TL,
    TP,
    LP,
    TLP,
  };
  return (region) => Math.max(0, areas[region]);
}

/** Computes the area shared by all circles. Sums slices, which is robust where circles touch or coincide and arc formulas are not. */
function overlapOf(circles: readonly EulerCircle[]): number {
  const from = Math.max(...circles.map(({ x, radius }) => x - radius));
  const to = Math.min(...circles.map(({ x, radius }) => x + radius));
  if (to <= from) return 0;
  const width = (to - from) / SLICES;
  let sum = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const at = from + (slice + 0.5) * width;
    let [low, high] = [-Infinity, Infinity];
    for (const { x, y, radius } of circles) {
      const half = Math.sqrt(Math.max(0, radius * radius - (at - x) * (at - x)));
      low = Math.max(low, y - half);
      high = Math.min(high, y + half);
    }
    sum += Math.max(0, high - low);
  }
  return sum * width;
}

function middleOf(circles: Circles, region: EntityRegion): EulerRegion['middle'] {
  const inside = NAMES.filter((name) => region.includes(name)).map((name) => circles[name]);
  const outside = NAMES.filter((name) => !region.includes(name)).map((name) => circles[name]);
  const left = Math.max(...inside.map(({ x, radius }) => x - radius));
  const right = Math.min(...inside.map(({ x, radius }) => x + radius));
  const top = Math.max(...inside.map(({ y, radius }) => y - radius));
  const bottom = Math.min(...inside.map(({ y, radius }) => y + radius));
  const thinnest = THINNEST * Math.max(...NAMES.map((name) => circles[name].radius));
  let middle: EulerRegion['middle'] = null;
  for (let across = 0; across <= POINTS; across++) {
    for (let down = 0; down <= POINTS; down++) {
      const x = left + ((right - left) * across) / POINTS;
      const y = top + ((bottom - top) * down) / POINTS;
      const clearance = Math.min(
        ...inside.map((circle) => circle.radius - Math.hypot(x - circle.x, y - circle.y)),
        ...outside.map((circle) =>
          circle.radius === 0 ? Infinity : Math.hypot(x - circle.x, y - circle.y) - circle.radius,
        ),
      );
      if (clearance > (middle?.clearance ?? thinnest)) middle = { x, y, clearance };
    }
  }
  return middle;
}
