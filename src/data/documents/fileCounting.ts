// Finds how a file counts characters where its mentions give no text: from all its documents, since in a short one two countings may fit.
import type { IssueList } from '../corpus/issues.ts';
import { hasText, plausibleCountings, spansOf, type Counting, type CountingHints, type Countings, type WrittenMention } from './countings.ts'; // prettier-ignore
import type { Span } from './document.ts';
import { hasWhiteEdge, isWordCut } from './sameText.ts';

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

function isOnWords(text: string, spans: readonly Span[]): boolean {
  return !hasWhiteEdge(text, spans) && !isWordCut(text, spans);
}

function isSame(left: readonly Span[], right: readonly Span[]): boolean {
  return left.every(({ start, end }, index) => start === right[index]?.start && end === right[index]?.end);
}
