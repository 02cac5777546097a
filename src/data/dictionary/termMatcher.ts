// Finds the terms of dictionaries in sentences, and marks them as silver annotation to train on.
import type { Work } from '../../util/clock.ts';
import { ABSENT, NumberList, ROOT, WordTrie } from '../../util/wordTrie.ts';
import type { Mention, Sentence } from '../corpus/corpus.ts';
import { typeName } from '../corpus/tagScheme.ts';
import { untypedName } from '../documents/placeMentions.ts';
import { visitTerms, type DictionaryEntry } from './dictionary.ts';
import { isPossessive, isSymbol, termUnits, type TermRules, type TermUnit } from './termForms.ts';

// Finds the terms of a dictionary in tokens: the longest at each place, from left to right.

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

// Lists common English words that name nothing in biomedical text: as terms of a dictionary they would mark ordinary text.

const WORDS = `
a about above absence accident account act action active activity add
advance affect after again age agent aim air all allow alone along
already also always am among an analysis and another answer any apparent
appear approach are area around as ask aspect assay at attack available
away back bad balance band base basic bat be bear because become bed
been before begin behind being below best better between big black block
blue both break bring brown build burn but by call can cap care carry
case catch cause center central chair chance change chip choice clear
clip clock close cold color come common compare complete complex concern
condition contact content contrast control cool core correct cost could
count course cover cross cut cycle damage dark data date day dead deal
death decline decrease deep defect degree delay depend described design
detect determine develop difference different direct discovery distance
do done dose double down drop due during each early eat effect eight
element eleven end energy enough enter error even event ever every
evidence examine example excess exchange express fact factor fail
failure fall family far fast feature feed feel few field fig figure file
fill final find fine finish fire first fit five fix flag flat flow fly
focus food for force form forward found four frame free fresh from front
full function gain game gap general get give given go goal good grade
great green ground group grow growth had half happy hard has have he
heat heavy help hence her here high him his hit hold hole host hot hour
house how hunt i ice idea if impact important in include increase index
individual inner input inside insult into involve is issue it item its
job join just keep key kind know label lack lag land large laser last
late leaf leak learn least leave left less let level life lift light
like limit line link lip list little live load local long loop loss lot
low made main major make many map march mark marker mask mass master
match material may me mean measure medical meet memory mental method
middle might mild mind minor minute miss mixed mode model moderate
moment month more most move much must my name natural near need negative
net never new next night no none nor normal north not note novel now
number object observe occur of off old on once one only onset open or
order other our out outcome over own pair panel paper part partial pass
past path pattern peak people per perfect period phase pit place plan
plate play point poor positive post potential power present pressure
primary print problem process produce product program progress provide
pump pure put quality question range rapid rate ratio raw reach react
reaction reading ready real reason recent red reduce region regular
relapse related release remain report response rest result return rhythm
rich right ring rise risk role root rose round route row run sad safe
same sample save saw say scale school screen sea search season second
section see seed seem sense serve set seven several severe sex shape
share sharp she shift shock short should show side sign signal similar
simple since single sit site six size slight slow small smoke so social
soft soil some soon sort sound source south space span spark special
spread stable stage stand standard star start state status stay stem
step still stock stop store strain stress strong structure study subject
such suit summer sun supply support surface survival system table tag
tail take target task team technique tell ten tend term test than that
the their them then there these they thin thing think third this those
three through throughout thus tie time tip to together too tool top
total touch toward trace track train transfer transport treat treatment
trial trigger true tube turn twelve twin two type under unit unknown
unstable until up upon us use used value variant various very via view
visit vital volume wait walk wall want warm was wash wave way we weak
week weight well were west wet what wheel when where whether which while
white who whole why wide wild will winter with within without word work
world worse would write year yellow yet yield you young your zero`;

let words: ReadonlySet<string> | null = null;

/** Whether a word in lower case, in the singular, is a common word of English. */
export function isCommonWord(word: string): boolean {
  words ??= new Set(WORDS.trim().split(/\s+/));
  return words.has(word);
}

// Marks the terms of dictionaries in sentences, as silver annotation to train on, and reports what is ambiguous.

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
