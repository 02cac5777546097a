// The regions and ratios of entity sets in words.
import type { EntityRatio, EntityRegion } from '../../metrics/entitySets.ts';

export interface RegionWords {
  /** In the notation of sets. */
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
  T: { sign: 'T∖L∖P', name: 'in training alone' },
};
const WITHOUT: Partial<Readonly<Record<EntityRegion, RegionWords>>> = {
  TL: { sign: 'T∩L', name: 'known' },
  L: { sign: 'L∖T', name: 'new' },
  T: { sign: 'T∖L', name: 'in training alone' },
};
const ORDER: readonly EntityRegion[] = ['TLP', 'TL', 'LP', 'L', 'TP', 'P', 'T'];

/** The regions in the order they are read, those of the test first; without predictions three are left. */
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
    meaning: 'of what is new in the test, the share that is predicted',
  },
  B: {
    name: 'known',
    formula: '|T∩L| / |L|',
    meaning: 'of what is annotated in the test, the share that training has',
  },
  C: {
    name: 'known, missed',
    formula: '|T∩L∖P| / |T∩L|',
    meaning: 'of what training has of the test, the share that is not predicted',
  },
  D: {
    name: 'wrong, known',
    formula: '|T∩P∖L| / |P∖L|',
    meaning: 'of what is predicted wrongly, the share that training has',
  },
  E: {
    name: 'surplus',
    formula: '(|P| − |L|) / |L|',
    meaning: 'how much more is predicted than annotated; below 0 where it is less',
  },
};
