// Proves that the view of entity sets keeps its place in the address, finds the runs that belong together, and draws labels and axes that can be read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eulerLayout } from '../../../../src/analysis/entitySetQuestions.ts';
import type { EntitySetDiagram } from '../../../../src/analysis/questions/sentencesQuery.ts';
import { siblingRun } from '../../../../src/lab/comparison/crossMatrix.ts';
import { ENTITY_REGIONS, type EntityRegion } from '../../../../src/metrics/entitySets.ts';
import { queuedRun, type RunRecord, type RunSpec } from '../../../../src/schema/runRecord.ts';
import { drawnNote, placeEuler } from '../../../../src/ui/analyse/EulerDiagram.tsx';
import { BETTER_OUTWARD } from '../../../../src/ui/analyse/RatioSection.tsx';
import { parseSetsDetail, setsDetailText } from '../../../../src/ui/analyse/SetsPanel.tsx';
import { spec } from '../../../fixtures/records.ts';

function diagramOf(strings: Readonly<Record<EntityRegion, number>>): EntitySetDiagram {
  const count = (region: EntityRegion) => ({ strings: strings[region], mentions: strings[region] });
  const regions = {
    T: count('T'),
    L: count('L'),
    P: count('P'),
    TL: count('TL'),
    TP: count('TP'),
    LP: count('LP'),
    TLP: count('TLP'),
  };
  const none = { strings: 0, mentions: 0 };
  const unknown = { strings: null, mentions: null };
  const ratios = { A: unknown, B: unknown, C: unknown, D: unknown, E: unknown };
  return { regions, T: none, L: none, P: none, shared: none, ratios, layout: eulerLayout(regions) };
}

describe('the address of entity sets', () => {
  it('is read back as it was written', () => {
    const detail = fc.record({
      trainOnly: fc.boolean(),
      lowerCase: fc.boolean(),
      region: fc.option(fc.constantFrom(...ENTITY_REGIONS)),
      text: fc.option(fc.string({ unit: 'grapheme' })),
    });
    const property = fc.property(detail, (shown) => {
      expect(parseSetsDetail(setsDetailText(shown))).toEqual(shown);
    });
    fc.assert(property);
    expect(setsDetailText(parseSetsDetail(null))).toBeNull();
    expect(parseSetsDetail('region=X&case=upper').region).toBeNull();
  });
});

describe('a sibling run', () => {
  const [gene, plant] = ['gene', 'plant'].map((name) => ({
    corpus: { id: name, name, fingerprint: name },
    type: 'Disease',
  }));
  if (gene === undefined || plant === undefined) throw new Error('two tasks');
  const record = (id: string, part: Partial<RunSpec>, createdAt = '2026-01-01T00:00:00.000Z'): RunRecord => ({
    ...queuedRun({ ...spec(), id, ...part }, createdAt),
    snapshots: [{ epoch: 1, devel: [null], test: [null] }],
  });

  it('is the run itself where it has the task, else the latest with the same training', () => {
    const shared = record('shared', { method: 'MTL-XC', tasks: [gene, plant] });
    expect(siblingRun(plant, shared, [shared])).toEqual({ record: shared, index: 1 });
    const own = record('own', { tasks: [gene] });
    const early = record('early', { tasks: [plant] });
    const late = record('late', { tasks: [plant] }, '2026-02-01T00:00:00.000Z');
    const other = record('other', { tasks: [plant], seed: 99 }, '2026-03-01T00:00:00.000Z');
    expect(siblingRun(plant, own, [own, late, early, other])?.record).toBe(late);
    expect(siblingRun(plant, own, [own, other])).toBeNull();
    expect(siblingRun(plant, own, [{ ...late, snapshots: [] }])).toBeNull();
  });
});

describe('a drawn Euler diagram', () => {
  const size = fc.oneof(fc.constant(0), fc.nat(40), fc.nat(4000));
  const sizes = fc.record({ T: fc.nat(40_000), L: size, P: size, TL: size, TP: size, LP: size, TLP: size });

  it('has a label for each region, clear of the others and in the picture, at every width', () => {
    const property = fc.property(sizes, fc.constantFrom(300, 480, 700), fc.boolean(), (strings, width, closeUp) => {
      const { layout } = diagramOf(strings);
      const filled = ENTITY_REGIONS.filter((region) => strings[region] > 0);
      const { circles, labels } = placeEuler(layout, filled, { width, height: 340 }, closeUp);
      expect(labels.map(({ region }) => region).toSorted()).toEqual(filled.toSorted());
      const outside = labels.filter(({ isInside }) => !isInside).map(({ at }) => at.y);
      outside.forEach((y, place) => {
        expect(y).toBeGreaterThanOrEqual(15.9);
        expect(y).toBeLessThanOrEqual(340 - 15.9);
        if (place > 0) expect(y - (outside[place - 1] ?? 0)).toBeGreaterThan(31.9);
      });
      for (const { region, at, from } of labels) {
        const point = from ?? at;
        if (point.x > width - 124) continue;
        for (const name of ['T', 'L', 'P'] as const) {
          const { x, y, radius } = circles[name];
          expect(Math.hypot(point.x - x, point.y - y) < radius).toBe(region.includes(name));
        }
      }
      if (closeUp) return;
      for (const { x, y, radius } of Object.values(circles)) {
        if (radius === 0) continue;
        expect(Math.min(x, y) - radius).toBeGreaterThan(0);
        expect(Math.max(x + radius - (width - 124), y + radius - 340)).toBeLessThan(0);
      }
    });
    fc.assert(property, {
      numRuns: 25,
      examples: [[{ T: 3, L: 0, P: 0, TL: 2459, TP: 0, LP: 3, TLP: 0 }, 300, false]],
    });
  });

  it('says how far it is off where it is', () => {
    const exact = { P: 0, TP: 0, LP: 0, TLP: 0 };
    expect(drawnNote(diagramOf({ T: 900, L: 80, TL: 40, ...exact }))).toBeNull();
    const note = drawnNote(diagramOf({ T: 44_000, L: 320, P: 60, TL: 40, TP: 20, LP: 200, TLP: 120 }));
    expect(note).toMatch(/“.+” has \d+ and is drawn as \d+/);
  });
});

describe('the axes of the radar', () => {
  it('put better farther out: found and few surplus strings at the rim, missed ones at the centre', () => {
    const drawn = (ratio: keyof typeof BETTER_OUTWARD, percent: number) => BETTER_OUTWARD[ratio].of(percent);
    expect([drawn('A', 100), drawn('C', 0), drawn('D', 0), drawn('E', 0)]).toEqual([100, 100, 100, 100]);
    expect([drawn('A', 0), drawn('C', 100), drawn('D', 100)]).toEqual([0, 0, 0]);
    expect([drawn('E', 40), drawn('E', -40), drawn('E', 250)]).toEqual([60, 60, 0]);
  });
});
