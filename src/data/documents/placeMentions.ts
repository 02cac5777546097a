// Locates mentions, as written in a file, in the text of their document, and reports those that do not fit.
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { TypeNames } from '../corpus/tagScheme.ts';
import {
  fittingCounting,
  hasText,
  spansOf,
  textsOf,
  type Counting,
  type Countings,
  type WrittenMention,
} from './countings.ts';
import type { CorpusDocument, DocumentMention, Span } from './document.ts';
import { isInsideWord, isNormalisation, saysTheSame } from './sameText.ts';

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
