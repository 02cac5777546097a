// Proves that circles of an Euler diagram have the right areas, that drawn areas are reported truthfully, and labels are inside their regions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eulerLayout } from '../../../src/analysis/entitySetQuestions.ts';
import type { EulerLayout } from '../../../src/analysis/questions/sentencesQuery.ts';
import { ENTITY_REGIONS, type EntityRegion } from '../../../src/metrics/entitySets.ts';
import { Rng } from '../../../src/util/random.ts';

function layoutOf(strings: Readonly<Record<EntityRegion, number>>): EulerLayout {
  const count = (region: EntityRegion) => ({ strings: strings[region], mentions: 0 });
  return eulerLayout({
    T: count('T'),
    L: count('L'),
    P: count('P'),
    TL: count('TL'),
    TP: count('TP'),
    LP: count('LP'),
    TLP: count('TLP'),
  });
}

function regionAt({ circles }: EulerLayout, x: number, y: number): string {
  return (['T', 'L', 'P'] as const)
    .filter((name) => Math.hypot(x - circles[name].x, y - circles[name].y) < circles[name].radius)
    .join('');
}

const size = fc.oneof(fc.constant(0), fc.nat(30), fc.nat(3000));
const sizes = fc.record({ T: size, L: size, P: size, TL: size, TP: size, LP: size, TLP: size });

describe('eulerLayout', () => {
  it('gives every circle the area of its set, and every label a point in its region', () => {
    const property = fc.property(sizes, (strings) => {
      const layout = layoutOf(strings);
      for (const name of ['T', 'L', 'P'] as const) {
        const members = ENTITY_REGIONS.filter((region) => region.includes(name));
        const all = members.reduce((sum, region) => sum + strings[region], 0);
        const drawn = members.reduce((sum, region) => sum + layout.regions[region].drawn, 0);
        expect(Math.PI * layout.circles[name].radius ** 2).toBeCloseTo(all, 4);
        expect(Math.abs(drawn - all)).toBeLessThanOrEqual(0.002 * all + 1e-6);
      }
      for (const region of ENTITY_REGIONS) {
        const { middle } = layout.regions[region];
        if (middle !== null) expect(regionAt(layout, middle.x, middle.y)).toBe(region);
      }
      expect(layout.circles.L.y).toBeLessThanOrEqual(layout.circles.P.y + 1e-9);
    });
    fc.assert(property, { numRuns: 20 });
  });

  it('is exact for two sets, one in the other too', () => {
    const none = { P: 0, TP: 0, LP: 0, TLP: 0 };
    for (const pair of [
      { T: 900, L: 80, TL: 40 },
      { T: 500, L: 0, TL: 70 },
      { T: 0, L: 0, TL: 9 },
      { T: 60, L: 30, TL: 0 },
    ]) {
      const { regions } = layoutOf({ ...none, ...pair });
      for (const region of ['T', 'L', 'TL'] as const) {
        expect(Math.abs(regions[region].drawn - pair[region])).toBeLessThan(0.5);
      }
    }
  });

  it('tells the areas that the circles have, as points thrown at them do', () => {
    const layout = layoutOf({ T: 2200, L: 120, P: 60, TL: 40, TP: 20, LP: 200, TLP: 120 });
    const reach = Math.max(...Object.values(layout.circles).map(({ x, y, radius }) => Math.hypot(x, y) + radius));
    const rng = Rng.seeded(1);
    const thrown = 300_000;
    const hits = new Map<string, number>();
    for (let at = 0; at < thrown; at++) {
      const region = regionAt(layout, (2 * rng.uniform() - 1) * reach, (2 * rng.uniform() - 1) * reach);
      hits.set(region, (hits.get(region) ?? 0) + 1);
    }
    for (const region of ENTITY_REGIONS) {
      const share = (hits.get(region) ?? 0) / thrown;
      const area = 4 * reach * reach;
      const deviation = area * Math.sqrt((share * (1 - share)) / thrown);
      expect(Math.abs(share * area - layout.regions[region].drawn)).toBeLessThan(5 * deviation + 1);
    }
  });

  it('draws nothing of nothing', () => {
    const { circles, regions } = layoutOf({ T: 0, L: 0, P: 0, TL: 0, TP: 0, LP: 0, TLP: 0 });
    expect(Object.values(circles).every(({ radius }) => radius === 0)).toBe(true);
    expect(Object.values(regions).every(({ drawn, middle }) => drawn === 0 && middle === null)).toBe(true);
  });
});
