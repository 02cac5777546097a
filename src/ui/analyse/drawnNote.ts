// Says how far the areas of an Euler diagram are from the numbers that they stand for.
import { ENTITY_REGIONS } from '../../metrics/entitySets.ts';
import type { EntitySetDiagram } from '../../schema/entitySetsQuery.ts';
import { format } from '../format.ts';
import { regionWords } from './regionWords.ts';

/** A twentieth of a region's strings is not seen, nor is one in 5,000 of all: a dozen pixels. */
const UNSEEN = { ofRegion: 0.05, ofAll: 0.0002 };

/** Null where the areas are right to the eye, else the region that is furthest off. */
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
  const others = off.length === 1 ? '' : ` ${format.counted(off.length - 1, 'other region')} less so.`;
  const name = regionWords(worst.region, P !== null).name;
  return `Three circles cannot show these numbers exactly: “${name}” has ${format.count(worst.strings)} and is drawn as ${format.count(drawn)}.${others}`;
}
