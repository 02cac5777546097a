// Locates mentions, as written in a file, in the text of their document, reports those that do not fit, and finds how the whole file counts characters.
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { TypeNames } from '../corpus/tagScheme.ts';
import {
  fittingCounting,
  hasText,
  plausibleCountings,
  spansOf,
  textsOf,
  type Counting,
  type CountingHints,
  type Countings,
  type WrittenMention,
} from './countings.ts';
import type { CorpusDocument, DocumentMention, Span } from './document.ts';
import { hasWhiteEdge, isInsideWord, isNormalisation, isWordCut, saysTheSame } from './sameText.ts';

/** The type of mentions whose file gives none. */
export const untypedName = 'entity';

type Placed = Pick<CorpusDocument, 'mentions' | 'faults'>;

/** A mention whose span is not where its text is. */
interface OddMention {
  readonly mention: WrittenMention;
  /** What the text has at its span; null if the span is not within the text. */
  readonly spans: readonly Span[] | null;
}

/** At most this many characters are searched for the texts of odd mentions, so that time stays linear in the document. */
const mostSearched = 20_000_000;
const mostSearches = 200;
/** Shorter texts may occur anywhere by chance. */
const shortestSearched = 3;

/**
 * Returns the mentions that fit under the first of `countings`, or under the one that explains most of their texts. One odd mention is
 * placed, with a warning, where its place is certain: where another counting puts it on its text, where the text differs only by
 * normalisation, or on the only word that equals it. Otherwise it is left out with an error; if more are odd than fit, the sentences at
 * their spans are left out, or the whole document where the spans are not within the text. A mention without a visible character is
 * left out with a warning; one without a type gets `untypedName`.
 */
export function placeMentions(
  text: string,
  countings: Countings,
  written: readonly WrittenMention[],
  types: TypeNames,
  issues: IssueList,
): Placed {
  const placing = new Placing(text, countings, types, issues);
  placing.place(written);
  return placing;
}

class Placing implements Placed {
  readonly mentions: DocumentMention[] = [];
  readonly faults: Span[] = [];
  readonly #text: string;
  readonly #countings: Countings;
  readonly #types: TypeNames;
  readonly #issues: IssueList;
  readonly #odd: OddMention[] = [];
  /** Mentions without a text whose edges are within words. */
  readonly #cuts: WrittenMention[] = [];
  #searches = 0;

  constructor(text: string, countings: Countings, types: TypeNames, issues: IssueList) {
    this.#text = text;
    this.#countings = countings;
    this.#types = types;
    this.#issues = issues;
  }

  place(written: readonly WrittenMention[]): void {
    const counting = fittingCounting(this.#text, written, this.#countings);
    const isSurprising = counting.rank === 2 || (counting.rank === 1 && !written.some(hasText));
    if (isSurprising) {
      const message = `The offsets fit only when counted in ${counting.name}: read so.`;
      this.#warn('corpus/counting', written[0]?.line ?? null, message);
    }
    for (const mention of written) this.#placeOne(mention, counting);
    const lost = this.#odd.filter((odd) => !this.#findWord(odd));
    const isMostly = lost.length > this.mentions.length;
    for (const odd of lost) this.#leaveOut(odd, isMostly);
    this.#remarkCuts();
  }

  /** Nothing but the words says whether offsets without a text are right, and some corpora do annotate parts of words. */
  #remarkCuts(): void {
    const [first] = this.#cuts;
    if (first === undefined) return;
    const others = this.#cuts.length === 1 ? '' : `, as do ${this.#cuts.length - 1} more of its document`;
    const message = `The mention at ${spelled(first.fragments)} begins or ends within a word${others}: read as written.`;
    this.#issues.add('info', 'corpus/part-of-word', first.line, message);
  }

  #placeOne(mention: WrittenMention, counting: Counting): void {
    const spans = spansOf(mention.fragments, counting);
    const expected = hasText(mention) ? (mention.text ?? '') : null;
    if (spans !== null) {
      const found = textsOf(this.#text, spans);
      if (expected === null) {
        if (spans.some(({ start, end }) => isInsideWord(this.#text, start) || isInsideWord(this.#text, end))) {
          this.#cuts.push(mention);
        }
        return this.#take(mention, spans);
      }
      if (saysTheSame(found, expected)) return this.#take(mention, spans);
      if (isNormalisation(found.map((one) => one.slice(0, expected.length * 3)).join(' '), expected)) {
        const message = `The file writes ${quoted(expected)} for what the text has as ${excerpt(found)}: read as in the text.`;
        this.#warn('corpus/normalised-text', mention.line, message);
        return this.#take(mention, spans);
      }
    } else if (expected === null && isEmpty(mention)) {
      const message = `The span ${spelled(mention.fragments)} is empty: the mention is left out.`;
      return this.#warn('corpus/empty-mention', mention.line, message);
    }
    if (expected === null || !this.#placeOtherwise(mention, expected)) this.#odd.push({ mention, spans });
  }

  /** Places a mention by another counting if that puts it on its text. */
  #placeOtherwise(mention: WrittenMention, expected: string): boolean {
    if (this.#searches++ > mostSearches) return false;
    for (const counting of this.#countings) {
      const spans = spansOf(mention.fragments, counting);
      if (spans === null || !saysTheSame(textsOf(this.#text, spans), expected)) continue;
      const message = `${quoted(expected)} is at its offsets only when they are counted in ${counting.name}: read so.`;
      this.#warn('corpus/counting', mention.line, message);
      this.#take(mention, spans);
      return true;
    }
    return false;
  }

  /** Places a mention on the only words that equal its text and belong to no other mention. */
  #findWord({ mention }: OddMention): boolean {
    const expected = mention.text?.trim() ?? '';
    if (expected.length < shortestSearched) return false;
    if (++this.#searches * this.#text.length > mostSearched || this.#searches > mostSearches) return false;
    const found: Span[] = [];
    let occurrences = 0;
    for (let start = this.#text.indexOf(expected); start >= 0; start = this.#text.indexOf(expected, start + 1)) {
      if (++occurrences > mostSearches) return false;
      const end = start + expected.length;
      if (isInsideWord(this.#text, start) || isInsideWord(this.#text, end) || this.#isTaken(start, end)) continue;
      if (found.push({ start, end }) > 1) return false;
    }
    if (found.length === 0) return false;
    const message = `${quoted(expected)} is not at ${spelled(mention.fragments)}: read where it occurs in the text.`;
    this.#warn('corpus/moved-mention', mention.line, message);
    this.#take(mention, found);
    return true;
  }

  #isTaken(start: number, end: number): boolean {
    return this.mentions.some(({ fragments }) => fragments.some((one) => one.start < end && start < one.end));
  }

  #take({ type, line, link }: WrittenMention, spans: readonly Span[]): void {
    const fragments = joinTouching(this.#text, spans);
    if (fragments.length === 0) {
      return this.#warn('corpus/blank-mention', line, 'The mention holds no visible character: left out.');
    }
    const name = this.#types.nameOf(type);
    if (name === '') {
      const what = excerpt(textsOf(this.#text, spans));
      this.#warn('corpus/untyped-mention', line, `The mention ${what} has no type: read as type "${untypedName}".`);
    }
    this.mentions.push({ type: name || untypedName, fragments, line, ...(link !== undefined && { link }) });
  }

  #leaveOut({ mention, spans }: OddMention, isMostly: boolean): void {
    const { line, fragments, text: expected } = mention;
    const what = isMostly ? (spans === null ? 'the document' : 'the sentence') : 'the mention';
    if (spans === null) {
      const own = expected === null || expected.trim() === '' ? '' : ` of ${quoted(expected)}`;
      const message = `The span ${spelled(fragments)}${own} is not within the text: ${what} is left out.`;
      this.#issues.add('error', 'corpus/span', line, message);
      if (isMostly) this.faults.push({ start: 0, end: this.#text.length });
      return;
    }
    const found = excerpt(textsOf(this.#text, spans));
    const message = `Expected ${quoted(expected ?? '')}, but the text has ${found}: ${what} is left out.`;
    this.#issues.add('error', 'corpus/span-text', line, message);
    const start = Math.min(...spans.map((span) => span.start));
    if (isMostly) this.faults.push({ start, end: Math.max(...spans.map((span) => span.end)) });
  }

  #warn(code: string, line: number | null, message: string): void {
    this.#issues.add('warning', code, line, message);
  }
}

function isEmpty({ fragments }: WrittenMention): boolean {
  return fragments.length > 0 && fragments.every(({ start, end }) => start === end);
}

function spelled(fragments: readonly Span[]): string {
  return fragments.map(({ start, end }) => `${start} to ${end}`).join(', ') || 'nowhere';
}

/** Sorts and trims fragments; merges those that overlap or are separated only by white space, and drops blank ones. */
function joinTouching(text: string, spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...spans].sort((left, right) => left.start - right.start)) {
    const written = text.slice(span.start, span.end);
    const start = span.start + (written.length - written.trimStart().length);
    const end = start + written.trim().length;
    if (start === end) continue;
    const last = joined.at(-1);
    if (last !== undefined && (start <= last.end || text.slice(last.end, start).trim() === '')) {
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    } else {
      joined.push({ start, end });
    }
  }
  return joined;
}

/** The beginning of each text, so that reporting long mentions takes no longer than reading them. */
function excerpt(texts: readonly string[]): string {
  return quoted(texts.map((text) => text.slice(0, 50)).join(' '));
}

// Finds how a file counts characters where its mentions give no text: from all its documents, since in a short one two countings may fit.

interface Votes {
  /** Documents in which only the other counting puts all mentions on whole words, and in which only the expected one does. */
  other: number;
  expected: number;
}

interface Doubts {
  readonly expected: string;
  readonly other: string;
  readonly line: number | null;
  readonly isSettled: boolean;
  count: number;
}

/** Documents that vote. */
const enoughDocuments = 10_000;

/**
 * Counts, in all documents of a file, which countings put the mentions on words; then decides for documents in which the expected counting
 * and another both do, but on other words. First `add` all documents, then ask for the countings of each.
 */
export class FileCounting {
  readonly #votes = new Map<string, Votes>();
  #added = 0;
  readonly #doubts = new Map<string, Doubts>();

  add(text: string, written: readonly WrittenMention[], hints: CountingHints): void {
    if (this.#added >= enoughDocuments || written.length === 0 || written.some(hasText)) return;
    this.#added++;
    for (const { name, fits, isImpossible } of rivals(text, written, plausibleCountings(text, hints))) {
      const votes = this.#votes.get(name) ?? { other: 0, expected: 0 };
      this.#votes.set(name, votes);
      if (fits === 'other' && isImpossible) votes.other++;
      if (fits === 'expected') votes.expected++;
    }
  }

  /** Returns the countings of a document, first the one in which it is to be read; if nothing decides, the expected one. */
  countingsOf(text: string, written: readonly WrittenMention[], countings: Countings): Countings {
    const [expected] = countings;
    for (const { counting, name, fits } of rivals(text, written, countings)) {
      const votes = this.#votes.get(name) ?? { other: 0, expected: 0 };
      if (fits !== 'both' || votes.expected > votes.other) continue;
      const isSettled = votes.other > votes.expected;
      this.#doubt({ expected: expected.name, other: name, line: written[0]?.line ?? null, isSettled });
      if (isSettled) return [{ ...counting, rank: 0 }, ...countings.filter((one) => one !== counting)];
      break;
    }
    return countings;
  }

  #doubt(doubt: Omit<Doubts, 'count'>): void {
    const key = `${doubt.expected} ${doubt.other} ${doubt.isSettled}`;
    const known = this.#doubts.get(key);
    if (known === undefined) this.#doubts.set(key, { ...doubt, count: 1 });
    else known.count++;
  }

  report(issues: IssueList): void {
    for (const { expected, other, line, isSettled, count } of this.#doubts.values()) {
      const what = `The offsets of ${count} items (first here) fall on words whether counted in ${expected} or in ${other}`;
      if (isSettled)
        issues.add('warning', 'corpus/counting', line, `${what}: read in ${other}, like others of the file.`);
      else issues.add('info', 'corpus/counting-unsure', line, `${what}: read in ${expected}.`);
    }
  }
}

interface Rival {
  readonly counting: Counting;
  readonly name: string;
  readonly fits: 'expected' | 'other' | 'both' | 'neither';
  /** Whether the expected counting leads out of the text or to white space: mentions within words are seldom, but possible. */
  readonly isImpossible: boolean;
}

/** Yields the common countings under which mentions without texts are elsewhere than under the expected one. */
function* rivals(text: string, written: readonly WrittenMention[], countings: Countings): Iterable<Rival> {
  const [expected, ...others] = countings;
  if (!others.some(({ rank }) => rank === 1) || written.length === 0 || written.some(hasText)) return;
  const own = placesOf(written, expected);
  const ownFits = own !== null && isOnWords(text, own);
  const isImpossible = own === null || hasWhiteEdge(text, own);
  for (const counting of others) {
    if (counting.rank !== 1) continue;
    const places = placesOf(written, counting);
    if (own !== null && places !== null && isSame(own, places)) continue;
    const fits = places !== null && isOnWords(text, places);
    const { name } = counting;
    yield { counting, name, isImpossible, fits: ownFits ? (fits ? 'both' : 'expected') : fits ? 'other' : 'neither' };
  }
}

/** The spans of all mentions, except empty ones; null if one is not within the text. */
function placesOf(written: readonly WrittenMention[], counting: Counting): readonly Span[] | null {
  const places: Span[] = [];
  for (const { fragments } of written) {
    if (fragments.every(({ start, end }) => start === end)) continue;
    const spans = spansOf(fragments, counting);
    if (spans === null) return null;
    places.push(...spans);
  }
  return places;
}

export function isOnWords(text: string, spans: readonly Span[]): boolean {
  return !hasWhiteEdge(text, spans) && !isWordCut(text, spans);
}

function isSame(left: readonly Span[], right: readonly Span[]): boolean {
  return left.every(({ start, end }, index) => start === right[index]?.start && end === right[index]?.end);
}
