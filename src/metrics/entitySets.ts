// Compares the mention strings of training sentences, of annotated test sentences and of predictions as sets T, L and P.
import type { CorpusSentences, Mention, Sentence } from '../data/corpus/corpus.ts';
import { LabError } from '../util/labError.ts';
import { mentionString } from './text/nearIndex.ts';

/** The strings in exactly these sets: `TL` is in T and L but not in P. */
export const ENTITY_REGIONS = ['T', 'L', 'P', 'TL', 'TP', 'LP', 'TLP'] as const;
export type EntityRegion = (typeof ENTITY_REGIONS)[number];

export const ENTITY_RATIOS = ['A', 'B', 'C', 'D', 'E'] as const;
export type EntityRatio = (typeof ENTITY_RATIOS)[number];

/** Mentions only of the task's type (`restrictToType`). */
export interface EntitySetInput {
  /** All tasks of the category, including the task itself. */
  readonly training: readonly Pick<CorpusSentences, 'train' | 'devel'>[];
  readonly test: readonly Sentence[];
  /** The mentions predicted in each test sentence; null without predictions. */
  readonly predicted: readonly (readonly Mention[])[] | null;
}

export interface EntitySetOptions {
  /** Takes T from train splits only, where the paper also includes devel. */
  readonly trainOnly?: boolean;
  /** Merges strings that differ only in case. */
  readonly lowerCase?: boolean;
}

/** A string and its mention counts: in training, annotated in test, predicted in test. */
export interface EntityString {
  readonly text: string;
  readonly region: EntityRegion;
  readonly training: number;
  readonly annotated: number;
  readonly predicted: number;
}

/** Number of unique strings and of their mentions. */
export interface EntityCount {
  readonly strings: number;
  readonly mentions: number;
}

export interface EntitySets {
  /** By count in their region's own weight, descending, then by text in code-unit order. */
  readonly strings: readonly EntityString[];
  /** Mentions of a region inside L are annotated ones, of `P` and `TP` predicted ones, of `T` those in training. */
  readonly regions: Readonly<Record<EntityRegion, EntityCount>>;
  /** T with its mentions in training, L with its annotated test mentions, P with its predicted ones; P is null without predictions. */
  readonly T: EntityCount;
  readonly L: EntityCount;
  readonly P: EntityCount | null;
  /** T∩L with its annotated mentions. */
  readonly shared: EntityCount;
  /** Fractions; null if the denominator is 0, and all except B without predictions. */
  readonly ratios: Readonly<Record<EntityRatio, { readonly strings: number | null; readonly mentions: number | null }>>;
}

/**
 * T, L and P as sets of unique strings, case-sensitive by default, and the five ratios of Chai et al. 2022 (Figs. 3 and 4): A =
 * |T̄∩L∩P| / |T̄∩L|, new strings found; B = |T∩L| / |L|, strings seen in training; C = |P̄∩T∩L| / |T∩L|, known strings missed; D =
 * |L̄∩P∩T| / |L̄∩P|, wrong strings seen in training; E = (|P| − |L|) / |L|. Also the same with each region weighted by its
 * mentions; E by all mentions predicted and annotated. Time and memory are linear in the mentions. Throws LabError `metrics/length`
 * unless there are predictions for each test sentence.
 */
export function entitySets(input: EntitySetInput, options: EntitySetOptions = {}): EntitySets {
  const tally = new StringTally(options.lowerCase ?? false);
  for (const { train, devel } of input.training) {
    tally.addSentences(train, 'training');
    if (options.trainOnly !== true) tally.addSentences(devel, 'training');
  }
  tally.addSentences(input.test, 'annotated');
  if (input.predicted !== null) {
    const { predicted } = input;
    if (predicted.length !== input.test.length) throw unequal(input.test.length, predicted.length);
    input.test.forEach((sentence, index) => tally.add(sentence, predicted[index] ?? [], 'predicted'));
  }

  const strings = tally.strings();
  const regions = countRegions(strings);
  const count = (names: readonly EntityRegion[], what: CountedAs): EntityCount => ({
    strings: names.reduce((sum, name) => sum + regions[name].strings, 0),
    mentions: strings.reduce((sum, string) => sum + string[what], 0),
  });
  const T = count(['T', 'TL', 'TP', 'TLP'], 'training');
  const L = count(['L', 'TL', 'LP', 'TLP'], 'annotated');
  const P = input.predicted === null ? null : count(['P', 'TP', 'LP', 'TLP'], 'predicted');
  return { strings, regions, T, L, P, shared: together(regions.TL, regions.TLP), ratios: ratiosOf(regions, L, P) };
}

/** Returns the strings of one region, most frequent first. */
export function stringsOfRegion({ strings }: EntitySets, region: EntityRegion): readonly EntityString[] {
  return strings.filter((string) => string.region === region);
}

/** Returns how often a string occurs where its region is weighted. */
export function weightOf({ region, training, annotated, predicted }: EntityString): number {
  if (region.includes('L')) return annotated;
  return region.includes('P') ? predicted : training;
}

type CountedAs = 'training' | 'annotated' | 'predicted';

class StringTally {
  readonly lowerCase: boolean;
  readonly counts = new Map<string, Record<CountedAs, number>>();

  constructor(lowerCase: boolean) {
    this.lowerCase = lowerCase;
  }

  addSentences(sentences: readonly Sentence[], as: CountedAs): void {
    for (const sentence of sentences) this.add(sentence, sentence.mentions, as);
  }

  add(sentence: Sentence, mentions: readonly Mention[], as: CountedAs): void {
    for (const mention of mentions) {
      const text = mentionString(sentence, mention, this.lowerCase);
      const counts = this.counts.get(text);
      if (counts === undefined) this.counts.set(text, { training: 0, annotated: 0, predicted: 0, [as]: 1 });
      else counts[as]++;
    }
  }

  strings(): EntityString[] {
    const strings = [...this.counts].map(([text, counts]) => ({ text, region: regionOf(counts), ...counts }));
    return strings.sort((left, right) => weightOf(right) - weightOf(left) || (left.text < right.text ? -1 : 1));
  }
}

function regionOf({ training, annotated, predicted }: Readonly<Record<CountedAs, number>>): EntityRegion {
  if (training > 0 && annotated > 0) return predicted > 0 ? 'TLP' : 'TL';
  if (training > 0) return predicted > 0 ? 'TP' : 'T';
  if (annotated > 0) return predicted > 0 ? 'LP' : 'L';
  return 'P';
}

function countRegions(strings: readonly EntityString[]): Record<EntityRegion, EntityCount> {
  const none = () => ({ strings: 0, mentions: 0 });
  const regions = { T: none(), L: none(), P: none(), TL: none(), TP: none(), LP: none(), TLP: none() };
  for (const string of strings) {
    const region = regions[string.region];
    region.strings++;
    region.mentions += weightOf(string);
  }
  return regions;
}

function together(left: EntityCount, right: EntityCount): EntityCount {
  return { strings: left.strings + right.strings, mentions: left.mentions + right.mentions };
}

function ratiosOf(regions: EntitySets['regions'], L: EntityCount, P: EntityCount | null): EntitySets['ratios'] {
  const share = (part: EntityCount, rest: EntityCount) => ({
    strings: fraction(part.strings, part.strings + rest.strings),
    mentions: fraction(part.mentions, part.mentions + rest.mentions),
  });
  const unknown = { strings: null, mentions: null };
  const B = share(together(regions.TL, regions.TLP), together(regions.L, regions.LP));
  if (P === null) return { A: unknown, B, C: unknown, D: unknown, E: unknown };
  return {
    A: share(regions.LP, regions.L),
    B,
    C: share(regions.TL, regions.TLP),
    D: share(regions.TP, regions.P),
    E: { strings: fraction(P.strings - L.strings, L.strings), mentions: fraction(P.mentions - L.mentions, L.mentions) },
  };
}

function unequal(sentences: number, predictions: number): LabError {
  return new LabError('metrics/length', 'Predictions are not those of the test sentences.', {
    expected: `${sentences} sentences`,
    got: `${predictions}`,
  });
}

function fraction(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
