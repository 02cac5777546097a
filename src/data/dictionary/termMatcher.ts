// Finds the terms of a dictionary in tokens: the longest at each place, from left to right.
import type { Work } from '../../util/work.ts';
import { ABSENT, NumberList, ROOT, WordTrie } from '../../util/wordTrie.ts';
import { isCommonWord } from './commonWords.ts';
import { visitTerms, type DictionaryEntry } from './dictionary.ts';
import { isPossessive, isSymbol, termUnits, type TermRules, type TermUnit } from './termForms.ts';

/** Tokens `[start, end)` that are a term, and the entries that have it. */
export interface TermMatch {
  readonly start: number;
  readonly end: number;
  /** Indices of entries, ascending; at least one. */
  readonly entries: readonly number[];
}

/** A term that is not looked for, and why. */
export interface LeftOutTerm {
  readonly term: string;
  readonly id: string;
  readonly reason: 'common word' | 'too short';
}

/** Lists of terms in a report are cut at this. */
export const MOST_LISTED = 500;

/** A unit of a sentence, and whether its token begins or ends with it. */
interface PlacedUnit {
  readonly unit: TermUnit;
  readonly token: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const ENTRIES_A_STEP = 1000;
/** Tokens whose units are remembered. */
const MOST_TOKENS = 200_000;

/**
 * Finds terms by a trie of their units. Names and synonyms are looked for, but no synonyms that are broader or merely related. Building takes time linear in the
 * terms, matching a sentence time linear in its units times those of the longest term.
 */
export class TermMatcher {
  /** The first `MOST_LISTED` of the terms that are not looked for, and their number. */
  readonly leftOut: LeftOutTerm[] = [];
  leftOutCount = 0;
  private readonly rules: TermRules;
  private readonly trie = new WordTrie();
  /** Terms that end at a node: the last one added, and the one added before each; -1 for none. */
  private readonly lastTerms = new Map<number, number>();
  private readonly before = new NumberList();
  private readonly entryOf = new NumberList();
  /** The letters of symbols, whose case counts; null for other terms. */
  private readonly cased: (string | null)[] = [];
  private readonly unitsOf = new Map<string, readonly TermUnit[]>();

  private constructor(rules: TermRules) {
    this.rules = rules;
  }

  static *build(entries: readonly DictionaryEntry[], rules: TermRules): Work<TermMatcher> {
    const matcher = new TermMatcher(rules);
    for (const [index, entry] of entries.entries()) {
      if (index % ENTRIES_A_STEP === 0) yield { phase: 'indexing terms', done: index, of: entries.length };
      visitTerms(entry, (text, rank) => {
        if (rank !== 'related') matcher.add(text, index, entry.id);
      });
    }
    yield { phase: 'indexing terms', done: entries.length, of: entries.length };
    return matcher;
  }

  /** Returns the matches of a sentence, in order and disjoint. */
  match(tokens: readonly string[]): readonly TermMatch[] {
    const units = this.placed(tokens);
    const matches: TermMatch[] = [];
    for (let from = 0; from < units.length;) {
      const found = units[from]?.isFirst === true ? this.longest(units, from) : null;
      if (found === null) {
        from++;
        continue;
      }
      matches.push(found.match);
      from = found.next;
    }
    return matches;
  }

  private add(text: string, entry: number, id: string): void {
    const units = termUnits(text, this.rules);
    const symbol = isSymbol(text, this.rules);
    const reason = this.reasonToLeaveOut(units, symbol);
    if (reason !== null) {
      if (this.leftOutCount++ < MOST_LISTED) this.leftOut.push({ term: text, id, reason });
      return;
    }
    let node = ROOT;
    for (const { fold } of units) node = this.trie.addChild(node, this.trie.addWord(fold));
    const cased = symbol ? casedText(units) : null;
    for (let term = this.lastTerms.get(node) ?? -1; term >= 0; term = this.before.at(term)) {
      if (this.entryOf.at(term) === entry && this.cased[term] === cased) return;
    }
    this.before.push(this.lastTerms.get(node) ?? -1);
    this.entryOf.push(entry);
    this.cased.push(cased);
    this.lastTerms.set(node, this.cased.length - 1);
  }

  private reasonToLeaveOut(units: readonly TermUnit[], symbol: boolean): LeftOutTerm['reason'] | null {
    const letters = units.map(({ fold }) => fold).join('');
    if (!/\p{L}/u.test(letters) || [...letters].length < 2) return 'too short';
    const [only] = units;
    const isWord = this.rules.commonWords && !symbol && only !== undefined && units.length === 1;
    return isWord && isCommonWord(only.fold) ? 'common word' : null;
  }

  private longest(
    units: readonly PlacedUnit[],
    from: number,
  ): { readonly match: TermMatch; readonly next: number } | null {
    let node = ROOT;
    let found: { readonly entries: readonly number[]; readonly last: number } | null = null;
    for (let index = from; index < units.length; index++) {
      const placed = units[index];
      if (placed === undefined) break;
      node = this.trie.child(node, this.trie.wordOf(placed.unit.fold));
      if (node === ABSENT) break;
      const entries = placed.isLast ? this.entriesAt(node, units, from, index) : [];
      if (entries.length > 0) found = { entries, last: index };
    }
    if (found === null) return null;
    const start = units[from]?.token ?? 0;
    const end = (units[found.last]?.token ?? start) + 1;
    return { match: { start, end, entries: found.entries }, next: found.last + 1 };
  }

  private entriesAt(node: number, units: readonly PlacedUnit[], from: number, last: number): readonly number[] {
    const entries = new Set<number>();
    let written: string | null = null;
    for (let term = this.lastTerms.get(node) ?? -1; term >= 0; term = this.before.at(term)) {
      const cased = this.cased[term] ?? null;
      if (cased !== null) written ??= casedText(units.slice(from, last + 1).map(({ unit }) => unit));
      if (cased === null || cased === written) entries.add(this.entryOf.at(term));
    }
    return [...entries].sort((left, right) => left - right);
  }

  private placed(tokens: readonly string[]): readonly PlacedUnit[] {
    const units: { readonly unit: TermUnit; readonly token: number }[] = [];
    tokens.forEach((token, index) => {
      for (const unit of this.tokenUnits(token)) units.push({ unit, token: index });
    });
    // An apostrophe and its s may be separate tokens.
    const isLeft = (index: number): boolean =>
      this.rules.plurals &&
      (isPossessive(units[index]?.unit, units[index + 1]?.unit) || isPossessive(units[index - 1]?.unit, units[index]?.unit)); // prettier-ignore
    const remaining = units.filter((_, index) => !isLeft(index));
    return remaining.map(({ unit, token }, index) => ({
      unit,
      token,
      isFirst: remaining[index - 1]?.token !== token,
      isLast: remaining[index + 1]?.token !== token,
    }));
  }

  private tokenUnits(token: string): readonly TermUnit[] {
    const known = this.unitsOf.get(token);
    if (known !== undefined) return known;
    const units = termUnits(token, this.rules);
    if (this.unitsOf.size < MOST_TOKENS) this.unitsOf.set(token, units);
    return units;
  }
}

function casedText(units: readonly TermUnit[]): string {
  return units.map(({ cased }) => cased).join('');
}
