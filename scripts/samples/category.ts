// The definition of a category of sample corpora.
import type { Rng } from '../../src/util/random.ts';
import type { Letter } from './pooledNames.ts';
import type { Producer, Slots } from './template.ts';

export interface SampleCategory {
  /** Name in file names and the catalogue. */
  readonly name: 'chemical' | 'disease' | 'gene' | 'species';
  /** Type of its mentions. */
  readonly type: string;
  /** Invented names, one producer per kind; each becomes a slot whose names are distributed over the splits. */
  readonly names: Slots;
  /** Everything else that templates insert: known words, look-alikes that are not mentions, phrases. */
  readonly slots: Slots;
  /** The sentences of the two corpora, each written in its own setting. */
  readonly templates: Readonly<Record<Letter, readonly string[]>>;
  readonly settings: Readonly<Record<Letter, string>>;
}

/** Composes a name from one part of each list. */
export function composed(...lists: readonly (readonly string[])[]): Producer {
  return (rng: Rng) => lists.map((parts) => parts[rng.integer(parts.length)] ?? '').join('');
}
