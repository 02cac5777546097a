// Marks the terms of dictionaries in sentences, as silver annotation to train on, and reports what is ambiguous.
import type { Work } from '../../util/work.ts';
import type { Mention, Sentence } from '../corpus/corpus.ts';
import { untypedName } from '../documents/placeMentions.ts';
import { typeName } from '../corpus/tagScheme.ts';
import type { DictionaryEntry } from './dictionary.ts';
import { MOST_LISTED, TermMatcher, type LeftOutTerm } from './termMatcher.ts';
import type { TermRules } from './termForms.ts';

/** A term that occurs in the text and belongs to entries with several ids, or of several types. */
export interface AmbiguousTerm {
  /** As it occurs first. */
  readonly term: string;
  readonly ids: readonly string[];
  readonly types: readonly string[];
  readonly occurrences: number;
}

/** What marking found, with lists cut at `MOST_LISTED`. */
export interface SilverReport {
  /** Mentions marked, by type. */
  readonly marked: Readonly<Record<string, number>>;
  /** Of these, mentions of terms with several ids, which have none. */
  readonly withoutId: number;
  /** Occurrences of terms of several types, which are not marked. */
  readonly unmarked: number;
  /** Terms with several ids or types, the most frequent first. */
  readonly ambiguous: readonly AmbiguousTerm[];
  readonly ambiguousCount: number;
  /** Terms that were not looked for: common words, and terms of one sign. */
  readonly leftOut: readonly LeftOutTerm[];
  readonly leftOutCount: number;
}

export interface SilverText {
  /** In the order of the sentences given, with the same tokens. */
  readonly sentences: readonly Sentence[];
  readonly report: SilverReport;
}

const SENTENCES_A_STEP = 200;

/**
 * Marks the longest terms in sentences, whose own mentions are ignored. `type` replaces the types of the file; entries without one are `entity`. A term with
 * several ids of one type is marked without an id; one of several types is not marked, and nothing within it is. Both are in the report.
 */
export function* silverText(
  entries: readonly DictionaryEntry[],
  sentences: readonly Pick<Sentence, 'tokens'>[],
  rules: TermRules,
  type: string | null,
): Work<SilverText> {
  const matcher = yield* TermMatcher.build(entries, rules);
  const typeOf = (entry: number): string => typeName(type ?? entries[entry]?.type ?? untypedName);
  const marked = new Map<string, number>();
  const ambiguous = new Map<
    string,
    { term: string; ids: readonly string[]; types: readonly string[]; occurrences: number }
  >();
  let [withoutId, unmarked] = [0, 0];
  const made: Sentence[] = [];
  for (const [index, { tokens }] of sentences.entries()) {
    if (index % SENTENCES_A_STEP === 0) yield { phase: 'marking terms', done: index, of: sentences.length };
    const mentions: Mention[] = [];
    for (const { start, end, entries: found } of matcher.match(tokens)) {
      const types = distinct(found.map(typeOf));
      const ids = distinct(found.flatMap((entry) => entries[entry]?.id ?? []));
      if (ids.length > 1 || types.length > 1) {
        const key = found.join(' ');
        const known = ambiguous.get(key) ?? { term: tokens.slice(start, end).join(' '), ids, types, occurrences: 0 };
        known.occurrences++;
        ambiguous.set(key, known);
      }
      const [only, ...others] = types;
      if (only === undefined || others.length > 0) {
        unmarked++;
        continue;
      }
      marked.set(only, (marked.get(only) ?? 0) + 1);
      const [id] = ids;
      if (ids.length > 1) withoutId++;
      mentions.push({ type: only, start, end, ...(id !== undefined && ids.length === 1 && { link: { id } }) });
    }
    made.push({ tokens, mentions });
  }
  yield { phase: 'marking terms', done: sentences.length, of: sentences.length };
  const inOrder = [...ambiguous.values()].sort((left, right) => right.occurrences - left.occurrences);
  return {
    sentences: made,
    report: {
      marked: Object.fromEntries([...marked].sort(([left], [right]) => (left < right ? -1 : 1))),
      withoutId,
      unmarked,
      ambiguous: inOrder.slice(0, MOST_LISTED),
      ambiguousCount: inOrder.length,
      leftOut: matcher.leftOut,
      leftOutCount: matcher.leftOutCount,
    },
  };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
