// Everything that is doubtful in the labels of a category's corpora by themselves.
import { labelConflicts, type LabelConflicts } from './labelConflicts.ts';
import { labelPairs, type LabelPairs } from './labelPairs.ts';
import type { NearOptions } from './nearIndex.ts';
import type { TextSource } from './textSources.ts';
import type { Work } from './work.ts';

export interface LabelQualityOptions {
  /** For a task of several types; false for tasks of one type each, whatever they call it. */
  readonly tellTypesApart: boolean;
  /** For pairs of nearly the same text; null for the same text alone. */
  readonly near: NearOptions | null;
  /** Conflicts and pairs that are kept of each kind. */
  readonly limit: number;
}

export interface LabelQuality {
  readonly conflicts: LabelConflicts;
  readonly pairs: LabelPairs;
}

/** Places of each label of a conflict that are kept. */
const placesOfLabel = 50;

/** `sources` are all splits of all tasks; their order is that of the places in the answer. */
export function* labelQuality(sources: readonly TextSource[], options: LabelQualityOptions): Work<LabelQuality> {
  const conflicts = yield* labelConflicts(sources, { ...options, placesOfLabel });
  return { conflicts, pairs: yield* labelPairs(sources, options) };
}
