// Words for the regions and ratios of entity sets.
import type { EntityRatio, EntityRegion } from '../../metrics/entitySets.ts';

export interface RegionWords {
  /** Set notation. */
  readonly sign: string;
  readonly name: string;
}

const WITH_PREDICTIONS: Readonly<Record<EntityRegion, RegionWords>> = {
  TLP: { sign: 'T∩L∩P', name: 'known and found' },
  TL: { sign: 'T∩L∖P', name: 'known and missed' },
  LP: { sign: 'L∩P∖T', name: 'new and found' },
  L: { sign: 'L∖T∖P', name: 'new and missed' },
  TP: { sign: 'T∩P∖L', name: 'wrong and known' },
  P: { sign: 'P∖T∖L', name: 'wrong and new' },
  T: { sign: 'T∖L∖P', name: 'only in training' },
};
const WITHOUT: Partial<Readonly<Record<EntityRegion, RegionWords>>> = {
  TL: { sign: 'T∩L', name: 'known' },
  L: { sign: 'L∖T', name: 'new' },
  T: { sign: 'T∖L', name: 'only in training' },
};
const ORDER: readonly EntityRegion[] = ['TLP', 'TL', 'LP', 'L', 'TP', 'P', 'T'];

/** Returns the regions in reading order, those of the test first; three without predictions. */
export function regionsShown(isPredicted: boolean): readonly EntityRegion[] {
  return isPredicted ? ORDER : ORDER.filter((region) => WITHOUT[region] !== undefined);
}

export function regionWords(region: EntityRegion, isPredicted: boolean): RegionWords {
  return (isPredicted ? undefined : WITHOUT[region]) ?? WITH_PREDICTIONS[region];
}

export interface RatioWords {
  readonly name: string;
  readonly formula: string;
  readonly meaning: string;
}

export const RATIO_WORDS: Readonly<Record<EntityRatio, RatioWords>> = {
  A: {
    name: 'new, found',
    formula: '|L∩P∖T| / |L∖T|',
    meaning: 'share of the new test strings that are predicted',
  },
  B: {
    name: 'known',
    formula: '|T∩L| / |L|',
    meaning: 'share of the annotated test strings that are in training',
  },
  C: {
    name: 'known, missed',
    formula: '|T∩L∖P| / |T∩L|',
    meaning: 'share of the known test strings that are not predicted',
  },
  D: {
    name: 'wrong, known',
    formula: '|T∩P∖L| / |P∖L|',
    meaning: 'share of the wrongly predicted strings that are in training',
  },
  E: {
    name: 'surplus',
    formula: '(|P| − |L|) / |L|',
    meaning: 'how many more strings are predicted than annotated; negative if fewer',
  },
};
